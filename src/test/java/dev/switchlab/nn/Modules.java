package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import java.util.SplittableRandom;

/** Small modules and inputs for tests, all from fixed seeds. */
final class Modules {

    private Modules() {}

    static ModelConfig model(Semantics semantics, String... settings) {
        return Experiment.of(semantics, settings).model();
    }

    /** Weights drawn from {@code seed}, never identical replicas: a swapped expert must show. */
    static <T extends LabBlock> T initialize(T block, NDManager manager, int seed) {
        ModelConfig config = model(Semantics.REFERENCE, "model.replicas=independent");
        new Initialization(config, name -> new SplittableRandom(seed * 31L + name.hashCode())).apply(block, manager);
        return block;
    }

    static NDArray random(NDManager manager, int seed, long... shape) {
        SplittableRandom random = new SplittableRandom(seed);
        Shape s = new Shape(shape);
        float[] values = new float[(int) s.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return manager.create(values, s);
    }
}
