package dev.switchlab.golden;

import static dev.switchlab.golden.Workbench.array;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.golden.GoldenCase.ModelCase;
import dev.switchlab.golden.GoldenCase.TrajectoryCase;
import dev.switchlab.nn.AutoregressiveModel;
import dev.switchlab.nn.LoadBalancingLoss;
import dev.switchlab.nn.Pass;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.StateDict;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.train.Adam;
import dev.switchlab.train.CrossEntropy;
import dev.switchlab.train.GradientClipping;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Replays of the language model: one step's loss and gradients, or whole trajectories of training. */
final class ModelReplays {

    private ModelReplays() {}

    static Map<String, Tensor> model(ModelCase golden, DispatchForm dispatch, Device device) {
        CaseFile file = golden.file();
        Permutations permutations = new Permutations(file.permutations());
        try (Workbench<AutoregressiveModel> bench = bench(golden, dispatch, device)) {
            Map<String, Tensor> results = bench.run(permutations.policy(golden.architecture(), "", true), run -> {
                NDArray tokens = array(run.scope(), file.tokens("tokens", golden.nVocab()));
                NDArray target = array(run.scope(), file.tokens("target", golden.nVocab()));
                Loss loss = loss(golden, bench.block(), run.pass(), tokens, target);
                run.output("logits", loss.output.logits());
                run.output("cross_entropy", loss.crossEntropy);
                if (loss.loadBalancing != null) {
                    run.output("lb_loss", loss.loadBalancing);
                    RoutingOutputs.stacked(loss.output.routing()).forEach(run::output);
                }
                return loss.total;
            });
            permutations.checkAllUsed();
            results.put("output.grad_norm", norm(results));
            return results;
        }
    }

    private static Workbench<AutoregressiveModel> bench(ModelCase golden, DispatchForm dispatch, Device device) {
        AutoregressiveModel block =
                new AutoregressiveModel(golden.architecture().model(dispatch), golden.nVocab(), golden.maxSeqLen());
        return new Workbench<>(block, golden.file().params(), device);
    }

    /** {@code loadBalancing} is null without switch layers. */
    private record Loss(
            NDArray total, NDArray crossEntropy, NDArray loadBalancing, AutoregressiveModel.Output output) {}

    private static Loss loss(ModelCase golden, AutoregressiveModel model, Pass pass, NDArray tokens, NDArray target) {
        AutoregressiveModel.Output output = model.forward(pass, tokens);
        NDArray crossEntropy = CrossEntropy.of(output.logits(), target); // ()
        if (output.routing().isEmpty()) {
            return new Loss(crossEntropy, crossEntropy, null, output);
        }
        NDArray loadBalancing = LoadBalancingLoss.of(pass.manager(), output.routing()); // ()
        NDArray coefficient = pass.manager().full(new Shape(), (float) golden.loadBalancing(), DataType.FLOAT32);
        return new Loss(crossEntropy.add(loadBalancing.mul(coefficient)), crossEntropy, loadBalancing, output);
    }

    /** The global norm of all gradients. */
    private static Tensor norm(Map<String, Tensor> results) {
        double squares = results.entrySet().stream()
                .filter(e -> e.getKey().startsWith("grad."))
                .flatMapToDouble(e -> Arrays.stream(e.getValue().doubles()))
                .map(g -> g * g)
                .sum();
        return Tensor.of(new float[] {(float) Math.sqrt(squares)});
    }

    static Map<String, Tensor> trajectory(TrajectoryCase golden, DispatchForm dispatch, Device device) {
        ModelCase model = golden.model();
        Optimization optimization = golden.optimization();
        Permutations permutations = new Permutations(golden.file().permutations());
        StepRecord steps = new StepRecord(optimization.steps());
        try (Workbench<AutoregressiveModel> bench = bench(model, dispatch, device)) {
            NDArray tokens = array(bench.manager(), model.file().tokens("tokens", model.nVocab())); // (T, S, B)
            NDArray target = array(bench.manager(), model.file().tokens("target", model.nVocab())); // (T, S, B)
            List<Parameter> parameters = bench.stateDict().parameters();
            List<NDArray> arrays = parameters.stream().map(Parameter::getArray).toList();
            Adam adam = new Adam(optimization.adam(), arrays, bench.manager());
            for (int step = 0; step < optimization.steps(); step++) {
                try (NDManager scope = bench.manager().newSubManager()) {
                    StepWeights weights = new StepWeights(scope, bench.block(), true);
                    Pass pass =
                            Workbench.pass(scope, weights, permutations.policy(model.architecture(), step + ".", true));
                    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                        Loss loss = loss(model, bench.block(), pass, at(scope, tokens, step), at(scope, target, step));
                        collector.backward(loss.total);
                        steps.losses(step, loss);
                    }
                    List<NDArray> gradients =
                            parameters.stream().map(weights::gradient).toList();
                    steps.gradNorm[step] = (float) GradientClipping.apply(scope, gradients, optimization.gradClip());
                    double rate = optimization.learningRateAt(step + 1);
                    steps.learningRate[step] = (float) rate;
                    adam.step(scope, gradients, rate, optimization.learningRate());
                }
            }
            permutations.checkAllUsed();
            return steps.results(bench.stateDict());
        }
    }

    private static NDArray at(NDManager scope, NDArray steps, int step) {
        NDArray one = steps.get(step); // (S, B)
        one.attach(scope);
        return one;
    }

    /** What each step of a trajectory gave. */
    private static final class StepRecord {
        private final float[] total;
        private final float[] crossEntropy;
        private final float[] loadBalancing;
        private final float[] gradNorm;
        private final float[] learningRate;
        private final List<float[]> counts = new ArrayList<>();
        private long[] countsShape = {};

        StepRecord(int steps) {
            total = new float[steps];
            crossEntropy = new float[steps];
            loadBalancing = new float[steps];
            gradNorm = new float[steps];
            learningRate = new float[steps];
        }

        void losses(int step, Loss loss) {
            total[step] = loss.total.getFloat();
            crossEntropy[step] = loss.crossEntropy.getFloat();
            if (loss.loadBalancing != null) {
                List<Routing> routing = loss.output.routing();
                loadBalancing[step] = loss.loadBalancing.getFloat();
                int experts = routing.get(0).plan().experts();
                countsShape = new long[] {total.length, routing.size(), experts};
                counts.add(
                        RoutingOutputs.counts(routing, routing.size(), experts).floats());
            }
        }

        Map<String, Tensor> results(StateDict weights) {
            Map<String, Tensor> results = new TreeMap<>();
            results.put("output.loss", Tensor.of(total, total.length));
            results.put("output.cross_entropy", Tensor.of(crossEntropy, total.length));
            results.put("output.grad_norm", Tensor.of(gradNorm, total.length));
            results.put("output.lr", Tensor.of(learningRate, total.length));
            if (!counts.isEmpty()) {
                results.put("output.lb_loss", Tensor.of(loadBalancing, total.length));
                results.put("output.counts", RoutingOutputs.floats(counts, countsShape));
            }
            weights.weights()
                    .forEach((name, weight) ->
                            results.put("output.final." + name, Tensor.of(weight.values(), weight.shape())));
            return results;
        }
    }
}
