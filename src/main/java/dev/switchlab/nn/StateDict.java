package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The weights of a block under the reference's {@code state_dict} names. Stacked expert weights appear once per expert:
 * {@code experts.3.layer1.weight} is row 3 of {@code layer1.weight}.
 */
public final class StateDict {

    private static final NDIndex EVERYTHING = new NDIndex(":");

    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private StateDict() {}

    /** The weights of {@code block}, in the reference's order. */
    public static StateDict of(LabBlock block) {
        StateDict dict = new StateDict();
        dict.collect("", block);
        return dict;
    }

    /**
     * One named weight.
     *
     * @param name its state_dict name
     * @param shape its shape under that name
     * @param parameter the parameter that holds it
     * @param row its row of a stacked parameter, or -1 for a whole parameter
     */
    public record Entry(String name, Shape shape, Parameter parameter, int row) {

        int size() {
            return Math.toIntExact(shape.size());
        }

        int offset() {
            return Math.max(row, 0) * size();
        }
    }

    /** A weight on the host. */
    public record Weight(long[] shape, float[] values) {}

    /** Those weights that gradients change: all but buffers. */
    public StateDict trainable() {
        return only(Parameter::requiresGradient);
    }

    /** The weights of some parameters. */
    public StateDict only(Predicate<Parameter> which) {
        StateDict dict = new StateDict();
        entries.forEach((name, entry) -> {
            if (which.test(entry.parameter())) {
                dict.entries.put(name, entry);
            }
        });
        return dict;
    }

    private void collect(String prefix, LabBlock block) {
        if (block instanceof Experts experts) {
            collectStacked(prefix, experts);
            return;
        }
        for (Pair<String, Parameter> own : block.getDirectParameters()) {
            String name = prefix + own.getKey();
            entries.put(name, new Entry(name, own.getValue().getShape(), own.getValue(), -1));
        }
        block.namedChildren().forEach((name, child) -> collect(prefix + name + ".", child));
    }

    private void collectStacked(String prefix, Experts experts) {
        int nExperts = Math.toIntExact(
                experts.getDirectParameters().valueAt(0).getShape().get(0));
        for (int expert = 0; expert < nExperts; expert++) {
            for (Pair<String, Parameter> own : experts.getDirectParameters()) {
                String name = prefix + (experts.shard().first() + expert) + "." + own.getKey();
                Shape shape = own.getValue().getShape().slice(1);
                entries.put(name, new Entry(name, shape, own.getValue(), expert));
            }
        }
    }

    /** All entries, in the reference's order. */
    public List<Entry> entries() {
        return List.copyOf(entries.values());
    }

    /** The parameters, each once. */
    public List<Parameter> parameters() {
        return entries.values().stream().map(Entry::parameter).distinct().toList();
    }

    /** Number of scalars over all weights. */
    public long size() {
        return entries.values().stream().mapToLong(Entry::size).sum();
    }

    /** The weights' values by name. */
    public Map<String, Weight> weights() {
        return values(Parameter::getArray);
    }

    /** Anything that has the shape of each parameter (gradients, moments), split by name. */
    public Map<String, Weight> values(Function<Parameter, NDArray> of) {
        Map<Parameter, float[]> hosts = new LinkedHashMap<>();
        Map<String, Weight> values = new LinkedHashMap<>();
        for (Entry entry : entries.values()) {
            float[] host = hosts.computeIfAbsent(entry.parameter(), p -> HostCopy.floats(of.apply(p)));
            float[] own = new float[entry.size()];
            System.arraycopy(host, entry.offset(), own, 0, own.length);
            values.put(entry.name(), new Weight(entry.shape().getShape(), own));
        }
        return values;
    }

    /**
     * Sets every weight, strictly: as torch's {@code load_state_dict(strict=True)}.
     *
     * @throws IllegalArgumentException naming what is missing, unexpected or of another shape; then nothing was changed
     */
    public void load(Map<String, Weight> weights, Function<Parameter, NDArray> arrays) {
        check(weights);
        Map<Parameter, float[]> hosts = new LinkedHashMap<>();
        for (Entry entry : entries.values()) {
            float[] host = hosts.computeIfAbsent(
                    entry.parameter(),
                    p -> new float[Math.toIntExact(p.getShape().size())]);
            float[] own = weights.get(entry.name()).values();
            System.arraycopy(own, 0, host, entry.offset(), own.length);
        }
        hosts.forEach((parameter, host) -> {
            NDArray target = arrays.apply(parameter);
            try (NDArray source = target.getManager().create(host, target.getShape())) {
                overwrite(target, source);
            }
        });
    }

    /**
     * Replaces values of a tensor with at least one axis by those of another one of its shape, on any thread: gradients
     * know nothing of it.
     *
     * <p>Not {@code NDArray.copyTo} or {@code set(Buffer)}: in DJL 0.36 these make libtorch print a deprecation
     * warning.
     */
    private static void overwrite(NDArray to, NDArray from) {
        try (NDArray values = to.stopGradient()) { // the same memory
            values.set(EVERYTHING, from);
        }
    }

    /** Sets every weight of an initialized block. */
    public void load(Map<String, Weight> weights) {
        load(weights, Parameter::getArray);
    }

    private void check(Map<String, Weight> weights) {
        List<String> missing = new ArrayList<>(entries.keySet());
        missing.removeAll(weights.keySet());
        List<String> unexpected = new ArrayList<>(weights.keySet());
        unexpected.removeAll(entries.keySet());
        UnaryOperator<String> quote = s -> "'" + s + "'";
        if (!missing.isEmpty() || !unexpected.isEmpty()) {
            Collections.sort(missing);
            Collections.sort(unexpected);
            throw new IllegalArgumentException("weights do not fit the model: missing " + few(missing, quote)
                    + ", unexpected " + few(unexpected, quote));
        }
        for (Entry entry : entries.values()) {
            Shape shape = new Shape(weights.get(entry.name()).shape());
            if (!shape.equals(entry.shape())) {
                throw new IllegalArgumentException(
                        "weight '" + entry.name() + "' has shape " + shape + ", the model needs " + entry.shape());
            }
        }
    }

    private static String few(List<String> names, UnaryOperator<String> quote) {
        if (names.isEmpty()) {
            return "none";
        }
        String shown = String.join(", ", names.stream().limit(3).map(quote).toList());
        return names.size() > 3 ? shown + " and " + (names.size() - 3) + " more" : shown;
    }
}
