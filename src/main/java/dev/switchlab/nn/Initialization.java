package dev.switchlab.nn;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.Init;
import dev.switchlab.experiment.ModelConfig.Replicas;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * Draws the first weights in Java, so that they are the same on every device and for every thread count. Each weight
 * has a stream of its own, named after it: adding a layer or an expert changes no other weight.
 */
public final class Initialization {

    private static final Pattern LAYER = Pattern.compile("layers\\.\\d+\\.");
    private static final Pattern EXPERT = Pattern.compile("experts\\.\\d+\\.");

    private final ModelConfig model;
    private final Function<String, RandomGenerator> streams;

    /**
     * @param model what to draw from
     * @param streams the random stream for a name
     */
    public Initialization(ModelConfig model, Function<String, RandomGenerator> streams) {
        this.model = model;
        this.streams = streams;
    }

    /** Gives every parameter of {@code block} an array in {@code manager}, and its first value. */
    public void apply(LabBlock block, NDManager manager) {
        StateDict dict = StateDict.of(block);
        allocate(dict, manager);
        Map<String, StateDict.Weight> weights = new LinkedHashMap<>();
        Map<String, float[]> drawn = new HashMap<>();
        Map<String, Long> fanIns = fanIns(dict);
        for (StateDict.Entry entry : dict.entries()) {
            String stream = streamName(entry.name());
            float[] values = drawn.computeIfAbsent(stream, name -> draw(entry, fanIns, streams.apply(name)));
            weights.put(entry.name(), new StateDict.Weight(entry.shape().getShape(), values));
        }
        dict.load(weights);
    }

    /** Gives every parameter of {@code block} an array of zeros in {@code manager}, for weights that are loaded. */
    public static void allocate(StateDict dict, NDManager manager) {
        for (Parameter parameter : dict.parameters()) {
            parameter.setInitializer(Initializer.ZEROS);
            parameter.initialize(manager, DataType.FLOAT32);
            // Gradients are collected on the aliases of StepWeights; a weight that wants them itself could not be
            // updated in place.
            parameter.getArray().setRequiresGradient(false);
        }
    }

    /** Identical replicas share the stream of the first. */
    private String streamName(String name) {
        if (model.replicas() == Replicas.INDEPENDENT) {
            return name;
        }
        String first = LAYER.matcher(name).replaceFirst("layers.0.");
        return EXPERT.matcher(first).replaceFirst("experts.0.");
    }

    /** Inputs of each linear layer by its prefix: its bias needs the weight's. */
    private static Map<String, Long> fanIns(StateDict dict) {
        Map<String, Long> fanIns = new HashMap<>();
        for (StateDict.Entry entry : dict.entries()) {
            Shape shape = entry.shape();
            if (shape.dimension() == 2) {
                fanIns.put(prefix(entry.name()), shape.get(1));
            }
        }
        return fanIns;
    }

    private static String prefix(String name) {
        return name.substring(0, Math.max(0, name.lastIndexOf('.')));
    }

    private float[] draw(StateDict.Entry entry, Map<String, Long> fanIns, RandomGenerator random) {
        float[] values = new float[entry.size()];
        String name = entry.name();
        boolean bias = name.endsWith(".bias");
        Long fanIn = fanIns.get(prefix(name));
        if (!entry.parameter().requiresGradient()) {
            fill(values, () -> 0); // a buffer
        } else if (name.startsWith("bigram.")) {
            fill(values, () -> 0); // says nothing at first
        } else if (fanIn == null) { // a norm
            fill(values, () -> bias ? 0 : 1);
        } else if (name.contains("_embed.")) {
            double deviation = name.startsWith("pos_") ? 0.02 : 1;
            fill(values, () -> deviation * random.nextGaussian());
        } else if (model.init() == Init.TORCH) {
            double bound = 1 / Math.sqrt(fanIn);
            fill(values, () -> bound * (2 * random.nextDouble() - 1));
        } else {
            double deviation = Math.sqrt(model.initScale() / fanIn);
            fill(values, () -> bias ? 0 : deviation * truncatedGaussian(random));
        }
        return values;
    }

    /** Redrawn until it lies within two deviations, as paper section 2.4. */
    private static double truncatedGaussian(RandomGenerator random) {
        double value;
        do {
            value = random.nextGaussian();
        } while (Math.abs(value) > 2);
        return value;
    }

    private static void fill(float[] values, java.util.function.DoubleSupplier source) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) source.getAsDouble();
        }
    }
}
