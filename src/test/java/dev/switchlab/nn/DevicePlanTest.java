package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

/** The plan made by tensors is the host's, to the integer. */
class DevicePlanTest {

    /**
     * A routing problem.
     *
     * @param levels how many different scores there are: few make many ties
     * @param biased whether wishes are scores plus a bias
     * @param impossible whether some wishes are minus infinity
     */
    record Problem(
            int tokens,
            int experts,
            int topK,
            int capacity,
            boolean drops,
            boolean next,
            int policy,
            int levels,
            boolean biased,
            boolean impossible,
            long seed) {

        float[] scores() {
            SplittableRandom random = new SplittableRandom(seed);
            float[] scores = new float[tokens * experts];
            for (int i = 0; i < scores.length; i++) {
                // Skewed, so that experts are over-full; zero of both signs.
                double skew = i % experts == 0 ? 0.5 : 0;
                scores[i] = (float) (Math.floor(levels * (random.nextDouble() + skew)) / levels);
                if (scores[i] == 0 && random.nextBoolean()) {
                    scores[i] = -0f;
                }
            }
            return scores;
        }

        float[] wishes() {
            SplittableRandom random = new SplittableRandom(seed + 1);
            float[] wishes = scores();
            for (int i = 0; i < wishes.length; i++) {
                wishes[i] += biased ? (i % experts) * 0.25f : 0;
                wishes[i] = impossible && random.nextInt(3) == 0 ? Float.NEGATIVE_INFINITY : wishes[i];
            }
            return wishes;
        }

        RoutingPlan.Overflow overflow() {
            DropPolicy shuffle = DropPolicy.random(new SplittableRandom(seed + 2));
            DropPolicy chosen = switch (policy) {
                case 0 -> DropPolicy.byPosition();
                case 1 -> shuffle;
                default -> (layer, expert, tokens) -> shuffle.order(layer + expert, expert, tokens);
            };
            return new RoutingPlan.Overflow(capacity, drops, next, chosen, 3);
        }

        RoutingPlan host() {
            return RoutingPlan.of(new Choices(scores(), wishes(), experts, topK), overflow());
        }

        DevicePlan device(NDManager manager) {
            Shape shape = new Shape(tokens, experts);
            return new DevicePlan(
                    manager, manager.create(scores(), shape), manager.create(wishes(), shape), topK, overflow());
        }
    }

    @Provide
    Arbitrary<Problem> problems() {
        Arbitrary<int[]> sizes = Arbitraries.integers()
                .between(1, 9)
                .flatMap(experts ->
                        Arbitraries.integers().between(1, Math.min(experts, 4)).map(topK -> new int[] {experts, topK}));
        Arbitrary<Integer> tokens = Arbitraries.integers().between(1, 40);
        Arbitrary<boolean[]> flags =
                Arbitraries.of(true, false).array(boolean[].class).ofSize(4);
        return Combinators.combine(
                        sizes,
                        tokens,
                        Arbitraries.integers().between(0, 42),
                        Arbitraries.integers().between(0, 2),
                        Arbitraries.of(1, 2, 3, 10, 1000),
                        flags,
                        Arbitraries.longs().withoutEdgeCases())
                .as((size, n, capacity, policy, levels, flag, seed) -> new Problem(
                        n,
                        size[0],
                        size[1],
                        capacity,
                        flag[0] || capacity % 2 == 0,
                        flag[1],
                        // Recorded orders, by expert, are of one choice per token.
                        policy == 2 && size[1] > 1 ? 1 : policy,
                        levels,
                        flag[2],
                        flag[3],
                        seed));
    }

    @Property(tries = 600, shrinking = ShrinkingMode.BOUNDED)
    void isTheHostsToTheInteger(@ForAll("problems") Problem problem) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            RoutingPlan host = problem.host();
            DevicePlan device = problem.device(manager);
            RoutingPlan read = device.onHost();
            for (int token = 0; token < problem.tokens; token++) {
                for (int choice = 0; choice < problem.topK; choice++) {
                    assertThat(read.route(token, choice)).isEqualTo(host.route(token, choice));
                    int pair = token * problem.topK + choice;
                    assertThat(read.taker(pair)).isEqualTo(host.taker(pair));
                }
            }
            for (int expert = 0; expert < problem.experts; expert++) {
                assertThat(read.count(expert)).isEqualTo(host.count(expert));
                assertThat(read.kept(expert)).containsExactly(host.kept(expert));
            }
            assertThat(read.dropped()).containsExactly(host.dropped());
            assertThat(read.capacity()).isEqualTo(host.capacity());
        }
    }

    /** What a pass takes from a plan, without reading it. */
    @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED)
    void itsTensorsAreTheHosts(@ForAll("problems") Problem problem) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            RoutingPlan host = problem.host();
            DevicePlan device = problem.device(manager);
            assertThat(device.counts(manager).toLongArray())
                    .containsExactly(host.counts(manager).toLongArray());
            assertThat(device.takers(manager).toLongArray())
                    .containsExactly(host.takers(manager).toLongArray());
            float[] mask = device.kept(manager).map(NDArray::toFloatArray).orElseGet(() -> {
                float[] ones = new float[host.pairs()];
                Arrays.fill(ones, 1);
                return ones;
            });
            assertThat(mask).containsExactly(host.keptMask());
            for (int sequences = 1; sequences <= problem.tokens; sequences++) {
                if (problem.tokens % sequences == 0) {
                    assertThat(device.loadWeights(manager, sequences)).isEqualTo(host.loadWeights(manager, sequences));
                }
            }
            Slots slots = device.slots(manager);
            long[] tokenOfSlot = slots.tokenOfSlot().toLongArray();
            long[] slotOfPair = slots.slotOfPair().toLongArray();
            assertThat(tokenOfSlot).hasSize(slots.perExpert() * problem.experts);
            long[] expected = new long[tokenOfSlot.length];
            for (int expert = 0; expert < problem.experts; expert++) {
                for (int i = 0; i < host.keptCount(expert); i++) {
                    int pair = host.kept(expert)[i];
                    expected[i * problem.experts + expert] = pair / problem.topK;
                    assertThat(slotOfPair[pair]).isEqualTo((long) i * problem.experts + expert);
                }
            }
            assertThat(tokenOfSlot).containsExactly(expected);
        }
    }

    /** Whatever is routed where, the same sizes: a step can be queued before anything is known. */
    @Example
    void shapesAreFixedAndNothingIsReadWhereCapacityIsFixed() {
        for (boolean next : new boolean[] {false, true}) {
            for (long seed = 0; seed < 5; seed++) {
                Problem problem = new Problem(30, 4, 2, 11, true, next, 1, 1000, true, false, seed);
                try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
                    long before = HostCopy.count();
                    Slots slots = problem.device(manager).slots(manager);
                    assertThat(HostCopy.count()).isEqualTo(before);
                    assertThat(slots.perExpert()).isEqualTo(11);
                }
            }
        }
    }

    /** Without dropping, C is the load of the fullest expert, and only the device knows it. */
    @Example
    void withoutDroppingOneNumberIsRead() {
        Problem problem = new Problem(30, 4, 2, 11, false, false, 1, 1000, true, false, 1);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            long before = HostCopy.count();
            Slots slots = problem.device(manager).slots(manager);
            assertThat(HostCopy.count()).isEqualTo(before + 1);
            RoutingPlan host = problem.host();
            int fullest = Math.max(Math.max(host.count(0), host.count(1)), Math.max(host.count(2), host.count(3)));
            assertThat(slots.perExpert()).isEqualTo(fullest);
        }
    }

    @Example
    void ordersByExpertAreRefusedWhereTokensHaveSeveralChoices() {
        Problem problem = new Problem(30, 4, 2, 1, true, false, 2, 1000, false, false, 1);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            assertThatThrownBy(() -> problem.device(manager)).hasMessageContaining("2 choices per token");
        }
    }
}
