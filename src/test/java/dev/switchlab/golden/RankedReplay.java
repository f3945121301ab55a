package dev.switchlab.golden;

import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.nn.BatchShard;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntUnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A case of one layer as a step of several ranks: it is taken to pieces, each rank replays a case of its own part of
 * the tokens and of the experts, and what they give is put together, on each rank.
 *
 * <p>The loss of a rank is {@code R * (y * w).sum()} over its tokens and the layer's losses; the loss of all is the
 * mean over ranks, as in training.
 */
final class RankedReplay {

    /** What there is a row of for each token. */
    private static final Set<String> OF_TOKENS = Set.of(
            "output.y",
            "output.final_output",
            "output.gates",
            "output.route_prob_max",
            "output.routes",
            "grad.input.x");

    private static final Set<String> SUMS = Set.of("output.counts", "output.n_dropped", "output.route_prob_sum");
    private static final Set<String> SAME = Set.of("output.capacity", "output.selection_bias_next");
    private static final String DROPPED = "output.dropped";
    private static final Pattern EXPERT = Pattern.compile("(?<=^|\\.)experts\\.(\\d+)(?=\\.)");

    private final ProcessGroup world;
    private final CaseFile file;
    private final BatchShard part;
    /** Of each rank. */
    private final int experts;

    private RankedReplay(ProcessGroup world, CaseFile file) {
        this.world = world;
        this.file = file;
        part = BatchShard.of(world, sequences(file));
        experts = experts(file) / world.size();
    }

    /** Whether tokens and experts of a case can be shared out. */
    static boolean divides(CaseFile file, int ranks) {
        return file.kind().matches("moe|switch_ff") && sequences(file) % ranks == 0 && experts(file) % ranks == 0;
    }

    /** B of (S, B, D); each token of (T, D) is one. */
    private static int sequences(CaseFile file) {
        long[] shape = file.input("x", Dtype.F32).shape();
        return Math.toIntExact(shape[shape.length - 2]);
    }

    private static int experts(CaseFile file) {
        return file.config().get("n_experts").intValue();
    }

    /** Replays a case on the ranks of a world; all of them call it together. */
    static GoldenCase.Replay of(ProcessGroup world, GoldenCase golden) {
        return (file, implementation) -> {
            RankedReplay replay = new RankedReplay(world, file);
            return replay.whole(golden.replay().run(replay.own(), implementation.of(replay.part)));
        };
    }

    /** This rank's part of the case. */
    private CaseFile own() {
        Map<String, Tensor> params = new LinkedHashMap<>(file.params());
        params.keySet()
                .removeIf(name -> expert(name)
                        .filter(expert -> expert / experts != world.rank())
                        .isPresent());
        Map<String, Tensor> inputs = new HashMap<>();
        inputs.put("x", own(file.input("x", Dtype.F32), 1));
        inputs.put("w", own(file.input("w", Dtype.F32), world.size()));
        return new CaseFile(
                file.path(),
                file.kind(),
                file.config(),
                file.noise(),
                params,
                inputs,
                file.permutations(),
                file.expected());
    }

    private static Optional<Integer> expert(String name) {
        return EXPERT.matcher(name).results().findFirst().map((MatchResult match) -> Integer.valueOf(match.group(1)));
    }

    /** This rank's sequences of (S, B, D) or (T, D), times {@code factor}, a power of two. */
    private Tensor own(Tensor whole, int factor) {
        long[] shape = whole.shape().clone();
        float[] own = part.own(whole.floats(), Math.toIntExact(shape[shape.length - 1]));
        for (int i = 0; i < own.length; i++) {
            own[i] *= factor;
        }
        shape[shape.length - 2] /= world.size();
        return Tensor.of(own, shape);
    }

    /** What all ranks gave. */
    private Map<String, Tensor> whole(Map<String, Tensor> own) {
        // Every rank's own experts counted from 0, so that all ranks have the same names in the same order.
        Map<String, Tensor> local = new TreeMap<>();
        own.forEach((name, tensor) -> local.put(renumbered(name, expert -> expert - world.rank() * experts), tensor));
        Map<String, Tensor> whole = new TreeMap<>();
        local.forEach((name, tensor) -> {
            List<double[]> ofRanks = gather(tensor);
            if (expert(name).isPresent()) {
                for (int rank = 0; rank < world.size(); rank++) {
                    int first = rank * experts;
                    // Whole already, of the losses of all ranks, and the loss is their mean.
                    whole.put(
                            renumbered(name, expert -> expert + first),
                            tensor(tensor, mean(ofRanks.subList(rank, rank + 1)), tensor.shape()));
                }
            } else if (OF_TOKENS.contains(name)) {
                whole.put(name, ofTokens(name, tensor, ofRanks));
            } else if (name.equals(DROPPED)) {
                whole.put(name, dropped(ofRanks));
            } else {
                double[] values =
                        SUMS.contains(name) ? sum(ofRanks) : SAME.contains(name) ? same(name, ofRanks) : mean(ofRanks);
                whole.put(name, tensor(tensor, values, tensor.shape()));
            }
        });
        return whole;
    }

    private static String renumbered(String name, IntUnaryOperator number) {
        return EXPERT.matcher(name)
                .replaceFirst(match -> "experts." + number.applyAsInt(Integer.parseInt(match.group(1))));
    }

    /** Of whatever length on each rank. */
    private List<double[]> gather(Tensor own) {
        double[] values = doubles(own);
        int longest = (int) world.gather(new double[] {values.length}).stream()
                .mapToDouble(length -> length[0])
                .max()
                .orElseThrow();
        double[] padded = new double[longest + 1];
        System.arraycopy(values, 0, padded, 1, values.length);
        padded[0] = values.length;
        return world.gather(padded).stream()
                .map(all -> Arrays.copyOfRange(all, 1, 1 + (int) all[0]))
                .toList();
    }

    /** Each rank has its sequences (S, B / R, ...) of (S, B, ...). */
    private Tensor ofTokens(String name, Tensor own, List<double[]> ofRanks) {
        boolean isGradient = name.startsWith("grad.");
        int position = own.elements() / tokens() * part.sequences(); // elements at one position, of one rank
        double[] whole = new double[own.elements() * world.size()];
        for (int i = 0; i < whole.length; i++) {
            double value =
                    ofRanks.get(i / position % world.size())[i / position / world.size() * position + i % position];
            whole[i] = isGradient ? value / world.size() : value;
        }
        long[] shape = own.shape().clone();
        boolean inSequences = isGradient || name.matches("output\\.(y|final_output)");
        shape[inSequences ? shape.length - 2 : 0] *= world.size();
        return tensor(own, whole, shape);
    }

    /** Of this rank. */
    private int tokens() {
        Tensor x = file.input("x", Dtype.F32);
        long[] shape = x.shape();
        return Math.toIntExact(x.elements() / shape[shape.length - 1] / world.size());
    }

    /**
     * Which tokens; in what order an expert lost them no rank knows alone, so that is taken from the case if they are
     * the right ones.
     */
    private Tensor dropped(List<double[]> ofRanks) {
        Set<Long> dropped = new TreeSet<>();
        for (int rank = 0; rank < world.size(); rank++) {
            for (double token : ofRanks.get(rank)) {
                int b = part.sequences();
                long t = (long) token;
                dropped.add(t / b * b * world.size() + (long) rank * b + t % b);
            }
        }
        Tensor expected = file.expected().get(DROPPED);
        if (expected != null
                && Arrays.stream(expected.longs())
                        .boxed()
                        .collect(Collectors.toSet())
                        .equals(dropped)) {
            return expected;
        }
        return Tensor.of(dropped.stream().mapToLong(t -> t).toArray(), dropped.size());
    }

    private static double[] same(String name, List<double[]> ofRanks) {
        double[] first = ofRanks.get(0);
        if (!ofRanks.stream().allMatch(own -> Arrays.equals(own, first))) {
            throw new GoldenException(name + " is not the same on all ranks");
        }
        return first;
    }

    private static double[] sum(List<double[]> ofRanks) {
        double[] sum = new double[ofRanks.get(0).length];
        ofRanks.forEach(own -> Arrays.setAll(sum, i -> sum[i] + own[i]));
        return sum;
    }

    private double[] mean(List<double[]> ofRanks) {
        return Arrays.stream(sum(ofRanks)).map(value -> value / world.size()).toArray();
    }

    private static double[] doubles(Tensor tensor) {
        return tensor.dtype() == Dtype.I64
                ? Arrays.stream(tensor.longs()).asDoubleStream().toArray()
                : tensor.doubles();
    }

    private static Tensor tensor(Tensor like, double[] values, long[] shape) {
        if (like.dtype() == Dtype.I64) {
            return Tensor.of(
                    Arrays.stream(values).mapToLong(value -> (long) value).toArray(), shape);
        }
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return Tensor.of(floats, shape);
    }
}
