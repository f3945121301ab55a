package dev.switchlab.golden;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.nn.BatchPart;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.Initialization;
import dev.switchlab.nn.LoadBalancingLoss;
import dev.switchlab.nn.Pass;
import dev.switchlab.nn.RouterZLoss;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.StateDict;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.nn.SwitchFeedForward;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.world.World;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * A case of one layer as a step of several ranks, of which each has a part of the tokens and a part of the experts: outputs and gradients of all of
 * them put together, on each rank.
 */
final class RankedReplay {

    private final World world;
    private final CaseFile file;
    private final ModelConfig model;
    private final boolean selectionBias;
    private final boolean moe;
    private final DropPolicy dropPolicy;
    private final int sequences;
    private final Map<String, Tensor> results = new TreeMap<>();

    private RankedReplay(World world, GoldenCase golden, Form form) {
        this.world = world;
        if (golden instanceof MoeCase own) {
            file = own.file().withParams(own.params());
            model = own.config().model(form.dispatch());
            selectionBias = own.config().selectionBias();
            dropPolicy = DropPolicy.byPosition();
        } else if (golden instanceof SwitchCase own) {
            file = own.file();
            model = own.architecture().model(form.dispatch());
            selectionBias = false;
            dropPolicy = new Permutations(file.permutations()).policy(own.architecture(), "", false);
        } else {
            throw new IllegalArgumentException(golden.file().kind());
        }
        moe = golden instanceof MoeCase;
        sequences = sequences(golden.file());
    }

    /** Whether tokens and experts of a case can be shared out. */
    static boolean divides(GoldenCase golden, int ranks) {
        return (golden instanceof MoeCase || golden instanceof SwitchCase)
                && sequences(golden.file()) % ranks == 0
                && golden.file().config().integer("n_experts") % ranks == 0;
    }

    /** B of (S, B, D); each token of (T, D) is one. */
    private static int sequences(CaseFile file) {
        long[] shape = file.input("x", Dtype.F32).shape();
        return Math.toIntExact(shape[shape.length - 2]);
    }

    /** All ranks call it together. */
    static Map<String, Tensor> run(World world, GoldenCase golden, Form form) {
        return new RankedReplay(world, golden, form).run(golden, form);
    }

    @SuppressWarnings("try")
    private Map<String, Tensor> run(GoldenCase golden, Form form) {
        SwitchFeedForward block = new SwitchFeedForward(model, 0, selectionBias, world);
        StateDict dict = StateDict.of(block);
        try (NDManager manager = NDManager.newBaseManager()) {
            Initialization.allocate(dict, manager);
            load(dict);
            try (GradientCollector ignored = Engine.getInstance().newGradientCollector()) {
                step(golden, form, block, dict, manager);
            }
        } finally {
            block.clear();
        }
        return results;
    }

    private void load(StateDict dict) {
        Map<String, StateDict.Weight> weights = new LinkedHashMap<>();
        for (String name : dict.weights().keySet()) {
            Tensor tensor = file.params().get(name);
            weights.put(name, new StateDict.Weight(tensor.shape(), tensor.floats()));
        }
        dict.load(weights);
    }

    private void step(GoldenCase golden, Form form, SwitchFeedForward block, StateDict dict, NDManager scope) {
        StepWeights weights = new StepWeights(scope, block, true);
        Pass pass = form.of(Pass.training(scope, weights, dropPolicy, layer -> {
                    throw new IllegalStateException("cases have no router jitter");
                }))
                .over(BatchPart.of(world, sequences));
        NDArray x = Workbench.array(scope, part(file.input("x", Dtype.F32)));
        var output = block.forward(pass, x);
        Routing routing = output.routing().orElseThrow();
        NDArray own = pass.leaf(output.y())
                .mul(Workbench.array(scope, part(file.input("w", Dtype.F32))))
                .sum(); // ()
        NDArray loss = own;
        double total = sum(new double[] {own.getFloat()})[0];
        for (Map.Entry<String, NDArray> more : means(golden, scope, routing).entrySet()) {
            // The mean over ranks is that of the batch.
            NDArray weight = scope.full(
                    new Shape(), 1f / world.size(), DataType.FLOAT32); // by a number DJL would differentiate wrongly
            NDArray share = more.getValue().mul(weight); // ()
            double mean = sum(new double[] {share.getFloat()})[0];
            put("output." + more.getKey(), new float[] {(float) mean});
            total += mean;
            loss = loss.add(share);
        }
        put("output.loss", new float[] {(float) total});
        outputs(output.y(), routing);
        if (selectionBias) {
            long[] counts = Arrays.stream(counts(routing))
                    .mapToLong(count -> (long) count)
                    .toArray();
            block.moveSelectionBias(counts, ((MoeCase) golden).config().selectionBiasRate());
            put(
                    "output.selection_bias_next",
                    dict.weights().get("selection_bias").values());
        }
        pass.backward(loss);
        gradients(dict, weights);
        results.put(
                "grad.input.x",
                whole(
                        pass.gradient(x).toFloatArray(),
                        file.input("x", Dtype.F32).shape()));
    }

    private Map<String, NDArray> means(GoldenCase golden, NDManager scope, Routing routing) {
        Map<String, NDArray> means = new LinkedHashMap<>();
        if (!(golden instanceof MoeCase own)) {
            means.put("aux", LoadBalancingLoss.of(scope, List.of(routing)));
            return means;
        }
        if (own.config().balances()) {
            means.put("load_balance", LoadBalancingLoss.of(scope, List.of(routing)));
        }
        if (own.config().zLoss()) {
            means.put("z_loss", RouterZLoss.of(List.of(routing)));
        }
        return means;
    }

    private void outputs(NDArray y, Routing routing) {
        long[] shape = file.input("x", Dtype.F32).shape();
        int tokens =
                Math.toIntExact(Arrays.stream(shape).limit(shape.length - 1L).reduce(1, (a, b) -> a * b));
        int k = routing.plan().choices();
        results.put(moe ? "output.y" : "output.final_output", whole(y.toFloatArray(), shape));
        long[] perToken = moe ? new long[] {tokens, k} : new long[] {tokens};
        NDArray ofTokens = moe ? routing.gates() : routing.chosen();
        results.put(moe ? "output.gates" : "output.route_prob_max", whole(ofTokens.toFloatArray(), perToken));
        float[] routes = new float[routing.plan().pairs()];
        for (int pair = 0; pair < routes.length; pair++) {
            routes[pair] = routing.plan().route(pair / k, pair % k);
        }
        results.put("output.routes", Tensor.of(longs(whole(routes, perToken).doubles()), perToken));
        double[] dropped = sum(new double[] {routing.plan().droppedCount()});
        results.put("output.n_dropped", Tensor.of(longs(dropped)));
        double[] counts = counts(routing);
        results.put(
                "output.counts",
                moe ? Tensor.of(longs(counts), counts.length) : Tensor.of(floats(counts), counts.length));
        if (!moe) {
            double[] sums = sum(doubles(routing.scoreSum().toFloatArray()));
            put("output.route_prob_sum", floats(sums));
            results.put(
                    "output.capacity", Tensor.of(new long[] {routing.tensors().capacity()}));
            // Which they are is known by the rows of the output that are the input's.
            Tensor expected = file.expected().get("output.dropped");
            if (expected != null) {
                results.put("output.dropped", expected);
            }
        }
    }

    private double[] counts(Routing routing) {
        return sum(IntStream.range(0, routing.plan().experts())
                .mapToDouble(routing.plan()::count)
                .toArray());
    }

    private void gradients(StateDict dict, StepWeights weights) {
        dict.trainable().values(weights::gradient).forEach((name, gradient) -> {
            if (!name.startsWith("experts.")) {
                float[] sum = floats(sum(doubles(gradient.values())));
                putGradient(name, Tensor.of(sum, gradient.shape()));
            }
        });
        // In the order of ranks these are the experts in theirs, so that name by name all ranks call together.
        Map<String, StateDict.Weight> own = new LinkedHashMap<>();
        dict.trainable().values(weights::gradient).forEach((name, gradient) -> {
            if (name.startsWith("experts.")) {
                own.put(name, gradient);
            }
        });
        int count = model.nExperts() / world.size();
        List<String> names = new ArrayList<>(own.keySet());
        for (String name : names) {
            StateDict.Weight gradient = own.get(name);
            List<double[]> ofRanks = world.gather(doubles(gradient.values()));
            for (int rank = 0; rank < world.size(); rank++) {
                String[] words = name.split("\\.", 3);
                int expert = Integer.parseInt(words[1]) + (rank - world.rank()) * count;
                putGradient(
                        words[0] + "." + expert + "." + words[2],
                        Tensor.of(floats(ofRanks.get(rank)), gradient.shape()));
            }
        }
    }

    private void putGradient(String name, Tensor tensor) {
        if (!name.endsWith("linear_v.bias") || file.expected().containsKey("grad." + name)) {
            results.put("grad." + name, tensor);
        }
    }

    private void put(String name, float[] values) {
        Tensor expected = file.expected().get(name);
        results.put(name, expected == null ? Tensor.of(values, values.length) : Tensor.of(values, expected.shape()));
    }

    /** This rank's sequences of (S, B, D) or (T, D). */
    private Tensor part(Tensor whole) {
        float[] all = whole.floats();
        long[] shape = whole.shape().clone();
        int width = Math.toIntExact(shape[shape.length - 1]);
        shape[shape.length - 2] /= world.size();
        float[] own = new float[all.length / world.size()];
        int run = sequences / world.size() * width;
        for (int at = 0; at < own.length; at += run) {
            System.arraycopy(all, at * world.size() + world.rank() * run, own, at, run);
        }
        return Tensor.of(own, shape);
    }

    /** All ranks' rows of tokens. */
    private Tensor whole(float[] own, long... shape) {
        List<double[]> ofRanks = world.gather(doubles(own));
        int tokens = Math.toIntExact(Arrays.stream(file.input("x", Dtype.F32).shape())
                        .limit(file.input("x", Dtype.F32).shape().length - 1L)
                        .reduce(1, (a, b) -> a * b))
                / world.size();
        int run = sequences / world.size() * (own.length / tokens);
        float[] all = new float[own.length * world.size()];
        for (int i = 0; i < all.length; i++) {
            int rank = i / run % world.size();
            all[i] = (float) ofRanks.get(rank)[i / (run * world.size()) * run + i % run];
        }
        return Tensor.of(all, shape);
    }

    private double[] sum(double[] own) {
        double[] sum = new double[own.length];
        world.gather(own).forEach(part -> Arrays.setAll(sum, i -> sum[i] + part[i]));
        return sum;
    }

    private static double[] doubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private static long[] longs(double[] values) {
        return Arrays.stream(values).mapToLong(value -> (long) value).toArray();
    }
}
