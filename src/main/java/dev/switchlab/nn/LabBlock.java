package dev.switchlab.nn;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Embedding;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import ai.djl.training.initializer.UniformInitializer;
import ai.djl.util.PairList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * A DJL block whose parameter shapes are known when it is built and whose children keep the reference's
 * {@code state_dict} names (DJL itself prefixes child names with their number).
 *
 * <p>It runs in two ways. The typed {@code forward} of each block takes a {@link ForwardContext} that says where
 * weights and random numbers come from; SwitchLab's own training uses it. DJL's {@code forward(ParameterStore, NDList,
 * boolean)} makes any block a part of any DJL model, trained by DJL's {@code Trainer}: weights are DJL's, first drawn
 * as torch draws them, and random numbers (which tokens an over-full expert drops, router noise) come from
 * {@link #setSeed} and move on with each call. One device and one thread at a time.
 */
public abstract class LabBlock extends AbstractBlock {

    private final Map<String, LabBlock> namedChildren = new LinkedHashMap<>();
    private final Map<Float, NDArray> constants = new LinkedHashMap<>();
    private final Streams streams = new Streams();

    /** Registers {@code block} under its state_dict name. */
    final <T extends LabBlock> T child(String name, T block) {
        namedChildren.put(name, block);
        return addChildBlock(name, block);
    }

    /**
     * Registers a parameter under its state_dict name.
     *
     * @param initializer its first value in a model that DJL initializes; {@link Initialization} draws its own
     */
    final Parameter parameter(String name, Shape shape, Initializer initializer) {
        Parameter.Type type = name.endsWith("bias") ? Parameter.Type.BIAS : Parameter.Type.WEIGHT;
        return addParameter(Parameter.builder()
                .setName(name)
                .setType(type)
                .optShape(shape)
                .optInitializer(initializer)
                .build());
    }

    /** Registers what is kept with the weights but not learnt by gradients. */
    final Parameter buffer(String name, Shape shape, Initializer initializer) {
        return addParameter(Parameter.builder()
                .setName(name)
                .setType(Parameter.Type.OTHER)
                .optShape(shape)
                .optInitializer(initializer)
                .optRequiresGrad(false)
                .build());
    }

    /** U(-1/sqrt(fan_in), 1/sqrt(fan_in)): how torch.nn.Linear begins, weight and bias. */
    static Initializer uniform(int fanIn) {
        return new UniformInitializer((float) (1 / Math.sqrt(fanIn)));
    }

    /** Children by state_dict name, in the reference's order. */
    final Map<String, LabBlock> namedChildren() {
        return namedChildren;
    }

    /**
     * Seeds the random numbers that this block draws when DJL runs it: the same seed, weights and inputs give the same
     * outputs, call by call. Dropout and first weights are drawn by DJL's engine ({@code Engine.setRandomSeed}).
     */
    public final void setSeed(long seed) {
        streams.seed(seed);
    }

    /**
     * A float32 scalar that lives as long as the weights. Needed wherever a tensor is scaled under autograd: the
     * backward pass reads it long after the forward pass is over.
     */
    final NDArray constant(ForwardContext pass, float value) {
        return constants.computeIfAbsent(value, v -> pass.modelManager().full(new Shape(), v, DataType.FLOAT32));
    }

    /** Forgets constants, which died with the manager they were made in. */
    @Override
    public void clear() {
        super.clear();
        constants.clear();
    }

    /** DJL's entry: adapts the list form to the typed {@code forward} of the block. */
    @Override
    protected final NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
        NDManager modelManager = getParameters().valueAt(0).getArray().getManager();
        Streams.Call call = streams.next(training);
        ForwardContext pass = new ForwardContext(
                inputs.head().getManager(),
                modelManager,
                store,
                training,
                DropPolicy.random(call.dropping()),
                call::exploration,
                null,
                BatchShard.all(),
                null,
                null);
        return forwardList(pass, inputs);
    }

    /** The list form: what stands in {@code inputs} and in the result is said by each block. */
    abstract NDList forwardList(ForwardContext pass, NDList inputs);

    /** Shapes of parameters do not depend on the input, so children can be initialized in any order. */
    @Override
    protected final void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
        getChildren().values().forEach(child -> child.initialize(manager, type, inputShapes));
    }

    /** The shape of the first input, which most blocks keep. */
    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0]};
    }

    static NDArray value(ForwardContext pass, Parameter parameter) {
        Device device = pass.manager().getDevice();
        return pass.weights().getValue(parameter, device, pass.training());
    }

    /** The weights that there are: those of {@code parameters} that are not null. */
    static List<NDArray> values(ForwardContext pass, Parameter... parameters) {
        return Stream.of(parameters)
                .filter(Objects::nonNull)
                .map(parameter -> value(pass, parameter))
                .toList();
    }

    /**
     * Rows of a matrix (rows, D) by int64 indices (...): (..., D), owned by the indices' manager. Of DJL's forms the
     * embedding look-up is the fastest, forward and backward.
     */
    static NDArray rows(NDArray matrix, NDArray indices) {
        return Embedding.embedding(indices, matrix, SparseFormat.DENSE).singletonOrThrow();
    }

    /**
     * The random numbers of blocks that run by themselves in a DJL model: a function of the seed, the kind of call, the
     * number of the call and the layer. Training and evaluation count by themselves, so that a look at the validation
     * set changes no training step.
     */
    private static final class Streams {

        private final AtomicLong trainingCalls = new AtomicLong();
        private final AtomicLong evaluationCalls = new AtomicLong();
        private volatile long seed;

        /** Begins anew. */
        void seed(long newSeed) {
            seed = newSeed;
            trainingCalls.set(0);
            evaluationCalls.set(0);
        }

        /** The streams of the next call. */
        Call next(boolean training) {
            long number = (training ? trainingCalls : evaluationCalls).getAndIncrement();
            return new Call(mix(mix(seed + (training ? 1 : 0)) + number));
        }

        /** One call's streams. */
        record Call(long key) {

            RandomGenerator dropping() {
                return new SplittableRandom(mix(key));
            }

            RandomGenerator exploration(int layer) {
                return new SplittableRandom(mix(key + 1) + layer);
            }
        }

        /** Neighbouring inputs give unrelated outputs (SplitMix64). */
        private static long mix(long value) {
            return new SplittableRandom(value).nextLong();
        }
    }
}
