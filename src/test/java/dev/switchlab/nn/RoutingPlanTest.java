package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

/** Routing plans by hand, and against lists that are sorted. */
class RoutingPlanTest {

    private static RoutingPlan plan(float[] scores, int experts, int topK, int capacity, boolean next) {
        return RoutingPlan.of(
                new TopK(scores, scores, experts, topK),
                new RoutingPlan.Overflow(capacity, true, next, DropPolicy.byPosition(), 0));
    }

    /** No-Token-Left-Behind: four tokens want expert 0; their next best are 1, 1, 2, 1. */
    @Example
    void overflowGoesToTheNextBestWithRoom() {
        float[] crowded = {.6f, .3f, .1f, .6f, .3f, .1f, .6f, .1f, .3f, .6f, .3f, .1f};
        RoutingPlan plan = plan(crowded, 3, 1, 1, true);
        // Token 0 stays; 1 finds room at 1, 2 at 2; 3 finds 1 taken, and 2 as well.
        assertThat(new int[] {plan.assignedExpert(0), plan.assignedExpert(1), plan.assignedExpert(2)})
                .containsExactly(0, 1, 2);
        assertThat(plan.dropped()).containsExactly(3);
        assertThat(new int[] {plan.count(0), plan.count(1), plan.count(2)})
                .as("before dropping")
                .containsExactly(4, 0, 0);
        assertThat(plan(crowded, 3, 1, 1, false).dropped())
                .as("the last positions")
                .containsExactly(1, 2, 3);
    }

    /** A later token's first choice takes the slot of an earlier token's second choice: see {@link RoutingPlan}. */
    @Example
    void withSeveralChoicesALaterTokenMayMatter() {
        float[] alone = {.6f, .4f, 0, .6f, 0, .4f};
        float[] followed = {.6f, .4f, 0, 0, .6f, .4f};
        assertThat(plan(alone, 3, 2, 1, false).keptMask()[1]).isEqualTo(1);
        assertThat(plan(followed, 3, 2, 1, false).keptMask()[1]).isZero();
    }

    /**
     * A routing problem.
     *
     * @param levels how many different scores there are: few make many ties
     * @param biased whether selectionScores are scores plus a bias
     * @param impossible whether some selectionScores are minus infinity
     */
    record Problem(
            int tokens,
            int experts,
            int topK,
            int capacity,
            boolean drops,
            boolean next,
            boolean shuffled,
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

        float[] selectionScores() {
            SplittableRandom random = new SplittableRandom(seed + 1);
            float[] selectionScores = scores();
            for (int i = 0; i < selectionScores.length; i++) {
                selectionScores[i] += biased ? (i % experts) * 0.25f : 0;
                selectionScores[i] =
                        impossible && random.nextInt(3) == 0 ? Float.NEGATIVE_INFINITY : selectionScores[i];
            }
            return selectionScores;
        }

        DropPolicy policy() {
            return shuffled ? DropPolicy.random(new SplittableRandom(seed + 2)) : DropPolicy.byPosition();
        }

        RoutingPlan plan() {
            return RoutingPlan.of(
                    new TopK(scores(), selectionScores(), experts, topK),
                    new RoutingPlan.Overflow(capacity, drops, next, policy(), 3));
        }
    }

    @Provide
    Arbitrary<Problem> problems() {
        Arbitrary<int[]> sizes = Arbitraries.integers()
                .between(1, 9)
                .flatMap(experts ->
                        Arbitraries.integers().between(1, Math.min(experts, 4)).map(topK -> new int[] {experts, topK}));
        return Combinators.combine(
                        sizes,
                        Arbitraries.integers().between(1, 40),
                        Arbitraries.integers().between(0, 42),
                        Arbitraries.of(1, 2, 3, 10, 1000),
                        Arbitraries.of(true, false).array(boolean[].class).ofSize(5),
                        Arbitraries.longs().withoutEdgeCases())
                .as((size, n, capacity, levels, flag, seed) -> new Problem(
                        n, size[0], size[1], capacity, flag[0], flag[1], flag[2], levels, flag[3], flag[4], seed));
    }

    /** Experts of a token, the largest value first; of equals, and of zeros of either sign, the order stays. */
    private static List<Integer> sorted(Stream<Integer> experts, float[] values, int row) {
        return experts.sorted(
                        (a, b) -> values[row + a] > values[row + b] ? -1 : values[row + a] < values[row + b] ? 1 : 0)
                .toList();
    }

    @Property(tries = 600, shrinking = ShrinkingMode.BOUNDED)
    void isThatOfSortedLists(@ForAll("problems") Problem problem) {
        int e = problem.experts;
        int k = problem.topK;
        int capacity = problem.drops ? problem.capacity : Integer.MAX_VALUE;
        List<List<Integer>> wants = new ArrayList<>();
        List<Iterator<Integer>> others = new ArrayList<>();
        for (int token = 0; token < problem.tokens; token++) {
            List<Integer> best = sorted(IntStream.range(0, e).boxed(), problem.selectionScores(), token * e);
            wants.add(sorted(best.subList(0, k).stream(), problem.scores(), token * e));
            others.add(best.subList(k, e).iterator());
        }
        List<Integer> firstChoicesFirst = IntStream.range(0, k)
                .boxed()
                .flatMap(choice -> IntStream.range(0, problem.tokens).mapToObj(token -> token * k + choice))
                .toList();
        List<List<Integer>> kept = new ArrayList<>();
        List<Integer> dropped = new ArrayList<>();
        RoutingPlan plan = problem.plan();
        DropPolicy policy = problem.policy();
        for (int expert = 0; expert < e; expert++) {
            int own = expert;
            List<Integer> pairs = new ArrayList<>(firstChoicesFirst);
            pairs.removeIf(pair -> wants.get(pair / k).get(pair % k) != own);
            assertThat(plan.count(expert)).isEqualTo(pairs.size());
            if (pairs.size() > capacity) {
                int choice = pairs.get(capacity) % k; // for which slots run out
                List<Integer> contended =
                        pairs.stream().filter(pair -> pair % k == choice).toList();
                int[] order = policy.order(
                        3, expert, contended.stream().mapToInt(pair -> pair / k).toArray());
                int from = pairs.indexOf(contended.get(0));
                for (int i = 0; i < order.length; i++) {
                    pairs.set(from + i, order[i] * k + choice);
                }
                dropped.addAll(pairs.subList(capacity, pairs.size()));
                pairs = new ArrayList<>(pairs.subList(0, capacity));
            }
            kept.add(pairs);
        }
        if (problem.next && !dropped.isEmpty()) {
            dropped = firstChoicesFirst.stream().filter(dropped::contains).toList();
            for (int step = k; step < e; step++) {
                List<Integer> left = new ArrayList<>();
                for (int pair : dropped) {
                    Iterator<Integer> untried = others.get(pair / k);
                    List<Integer> slots = untried.hasNext() ? kept.get(untried.next()) : null;
                    (slots != null && slots.size() < capacity ? slots : left).add(pair);
                }
                dropped = left;
            }
        }
        for (int pair = 0; pair < plan.pairs(); pair++) {
            assertThat(plan.route(pair / k, pair % k))
                    .isEqualTo(wants.get(pair / k).get(pair % k));
            assertThat(kept.get(plan.assignedExpert(pair)).contains(pair)).isEqualTo(!dropped.contains(pair));
        }
        for (int expert = 0; expert < e; expert++) {
            assertThat(plan.kept(expert)).containsExactly(ints(kept.get(expert)));
        }
        assertThat(plan.dropped()).containsExactly(ints(dropped));
        assertThat(plan.capacity()).isEqualTo(problem.capacity);
    }

    private static int[] ints(List<Integer> numbers) {
        return numbers.stream().mapToInt(i -> i).toArray();
    }

    @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED)
    void itsTensorsSayWhatItSays(@ForAll("problems") Problem problem) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            RoutingPlan plan = problem.plan();
            int e = problem.experts;
            int k = problem.topK;
            long[] routes = new long[plan.pairs()];
            long[] assignedExperts = new long[plan.pairs()];
            float[] others = new float[problem.tokens * e];
            Arrays.fill(others, Float.NEGATIVE_INFINITY);
            float[] mask = new float[plan.pairs()];
            for (int pair = 0; pair < routes.length; pair++) {
                routes[pair] = plan.route(pair / k, pair % k);
                assignedExperts[pair] = plan.assignedExpert(pair);
                others[pair / k * e + plan.assignedExpert(pair)] = 0;
            }
            Arrays.fill(mask, 1);
            Arrays.stream(plan.dropped()).forEach(pair -> mask[pair] = 0);
            assertThat(plan.routes(manager).toLongArray()).containsExactly(routes);
            assertThat(plan.assignedExperts(manager).toLongArray()).containsExactly(assignedExperts);
            assertThat(plan.othersMask(manager).toFloatArray()).containsExactly(others);
            assertThat(plan.counts(manager).toLongArray())
                    .containsExactly(
                            IntStream.range(0, e).mapToLong(plan::count).toArray());
            assertThat(plan.keptMask()).containsExactly(mask);
            assertThat(plan.kept(manager).map(NDArray::toFloatArray).orElse(mask))
                    .containsExactly(mask);
            assertThat(plan.kept(manager).isEmpty()).isEqualTo(plan.droppedCount() == 0);
            for (int sequences = 1; sequences <= problem.tokens; sequences++) {
                if (problem.tokens % sequences == 0) {
                    float[] weights = new float[sequences * e];
                    for (int pair = 0; pair < routes.length; pair++) {
                        double share = (double) sequences / plan.pairs();
                        weights[pair / k % sequences * e + (int) routes[pair]] += (float) (e * share / problem.tokens);
                    }
                    assertThat(plan.loadWeights(manager, sequences).toFloatArray())
                            .containsExactly(weights, within(1e-5f));
                }
            }
        }
    }

    /** An expert's rows are a slice: its pairs in the order of its slots, then fillers. */
    @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED)
    void rowsOfExpertsAreSlices(@ForAll("problems") Problem problem) {
        for (int grain : new int[] {1, 4, 32}) {
            try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
                RoutingPlan plan = problem.plan();
                ExpertRows rows = ExpertRows.of(manager, plan, grain);
                long[] tokens = rows.tokens().toLongArray();
                long[] pairs = rows.pairs().toLongArray();
                long[] rowOfPair = rows.rows().toLongArray();
                List<Integer> fillers = new ArrayList<>();
                int row = 0;
                for (int expert = 0; expert < problem.experts; expert++) {
                    assertThat(rows.offsets()[expert]).isEqualTo(row);
                    for (int pair : plan.kept(expert)) {
                        assertThat(pairs[row]).isEqualTo(pair);
                        assertThat(tokens[row]).isEqualTo(pair / problem.topK);
                        assertThat(rowOfPair[pair]).isEqualTo(row++);
                    }
                    // There is a row, though none may be kept.
                    boolean nothing = row == 0 && expert == problem.experts - 1;
                    int end = nothing ? 1 : (row + grain - 1) / grain * grain;
                    while (row < end) {
                        assertThat(tokens[row]).isZero();
                        fillers.add(row++);
                    }
                }
                assertThat(rows.offsets()[problem.experts]).isEqualTo(row);
                assertThat(tokens).hasSameSizeAs(pairs).hasSize(row);
                assertThat(numbers(rows.fillers())).isEqualTo(fillers);
                assertThat(numbers(rows.dropped()))
                        .isEqualTo(IntStream.concat(
                                        Arrays.stream(plan.dropped()),
                                        Arrays.stream(plan.dropped()).map(pair -> pair / problem.topK))
                                .boxed()
                                .toList());
                assertThat(Arrays.stream(rowOfPair).max().orElse(0)).isLessThan(row);
            }
        }
    }

    private static List<Integer> numbers(List<NDArray> tensors) {
        return tensors.stream()
                .flatMap(tensor -> Arrays.stream(tensor.toLongArray()).mapToObj(Math::toIntExact))
                .toList();
    }

    /** Ranks that share a batch: what the whole plan says of every second token. */
    @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED)
    void aPartSaysWhatTheWholeSays(@ForAll("problems") Problem problem) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            RoutingPlan whole = problem.plan();
            int k = problem.topK;
            int[] tokens = IntStream.iterate(0, token -> token < problem.tokens, token -> token + 2)
                    .toArray();
            RoutingPlan part = whole.of(tokens);
            int[] counts = new int[problem.experts];
            for (int pair = 0; pair < tokens.length * k; pair++) {
                int choice = pair % k;
                assertThat(part.route(pair / k, choice)).isEqualTo(whole.route(pair / k * 2, choice));
                assertThat(part.assignedExpert(pair)).isEqualTo(whole.assignedExpert(pair / k * 2 * k + choice));
                counts[part.route(pair / k, choice)]++;
            }
            float scale = (float) problem.tokens / tokens.length;
            float[] load = whole.loadWeights(manager, 1).toFloatArray();
            for (int expert = 0; expert < problem.experts; expert++) {
                assertThat(part.count(expert)).isEqualTo(counts[expert]);
                assertThat(part.kept(expert)).containsExactly(own(whole.kept(expert), k));
                load[expert] *= scale;
            }
            assertThat(part.tokens()).isEqualTo(tokens.length);
            assertThat(part.dropped()).containsExactly(own(whole.dropped(), k));
            assertThat(part.capacity()).isEqualTo(whole.capacity());
            assertThat(part.ownCapacity()).isEqualTo((double) whole.capacity() * tokens.length / problem.tokens);
            // Loads are those of the whole batch.
            assertThat(part.counts(manager)).isEqualTo(whole.counts(manager));
            assertThat(part.loadWeights(manager).toFloatArray()).containsExactly(load, within(1e-5f));
        }
    }

    /** Pairs of even tokens, which are numbered anew. */
    private static int[] own(int[] pairs, int k) {
        return Arrays.stream(pairs)
                .filter(pair -> pair / k % 2 == 0)
                .map(pair -> pair / k / 2 * k + pair % k)
                .toArray();
    }
}
