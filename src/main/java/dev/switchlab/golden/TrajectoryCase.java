package dev.switchlab.golden;

import static dev.switchlab.golden.Workbench.array;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import dev.switchlab.golden.ModelCase.Loss;
import dev.switchlab.nn.AutoregressiveModel;
import dev.switchlab.nn.Pass;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.StateDict;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.train.GradientClipping;
import dev.switchlab.train.Optimizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Steps of training: forward, backward, clipping, optimizer. */
record TrajectoryCase(ModelCase model, Optimization optimization) implements GoldenCase {

    static TrajectoryCase of(CaseFile file) {
        return new TrajectoryCase(ModelCase.of(file, 3), Optimization.of(file.config()));
    }

    @Override
    public CaseFile file() {
        return model.file();
    }

    @Override
    public Tolerances tolerances() {
        return Tolerances.ofTrajectory(file().noise(), optimization.sumOfLearningRates());
    }

    @Override
    public boolean dispatches() {
        return model.dispatches();
    }

    @Override
    public Map<String, Tensor> replay(Form form, Place place) {
        Permutations permutations = new Permutations(file().permutations());
        StepRecord steps = new StepRecord(optimization.steps());
        try (Workbench<AutoregressiveModel> bench = model.bench(form, place)) {
            NDArray tokens = array(bench.manager(), file().tokens("tokens", model.nVocab())); // (T, S, B)
            NDArray target = array(bench.manager(), file().tokens("target", model.nVocab())); // (T, S, B)
            List<Parameter> parameters = bench.stateDict().parameters();
            List<NDArray> arrays = parameters.stream().map(Parameter::getArray).toList();
            Optimizer optimizer = optimization.optimizer(arrays, bench.manager());
            for (int step = 0; step < optimization.steps(); step++) {
                try (NDManager scope = bench.manager().newSubManager()) {
                    StepWeights weights = new StepWeights(scope, bench.block(), true);
                    Pass pass = bench.pass(scope, weights, permutations.policy(model.architecture(), step + ".", true));
                    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                        Loss loss = model.loss(bench.block(), pass, at(scope, tokens, step), at(scope, target, step));
                        if (pass.isFused()) {
                            pass.backward(loss.total());
                        } else {
                            collector.backward(loss.total());
                        }
                        steps.losses(step, loss);
                    }
                    List<NDArray> gradients =
                            parameters.stream().map(weights::gradient).toList();
                    GradientClipping clipping = GradientClipping.of(scope, gradients, optimization.gradClip());
                    steps.gradNorm[step] = clipping.norm().getFloat();
                    double rate = optimization.learningRateAt(step + 1);
                    steps.learningRate[step] = (float) rate;
                    optimizer.step(scope, gradients, clipping, rate, optimization.learningRate());
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

    /** What each step gave. */
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
            total[step] = loss.total().getFloat();
            crossEntropy[step] = loss.crossEntropy().getFloat();
            if (loss.loadBalancing() != null) {
                List<Routing> routing = loss.output().routing();
                loadBalancing[step] = loss.loadBalancing().getFloat();
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
