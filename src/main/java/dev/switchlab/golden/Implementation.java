package dev.switchlab.golden;

import ai.djl.Device;
import ai.djl.engine.Engine;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.nn.BatchShard;
import dev.switchlab.nn.ForwardContext;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.nn.kernel.ProductKernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One way to compute a case.
 *
 * @param dispatch kernels, or plain operators with a loop over experts
 * @param kernels what multiplies inside kernels
 * @param device the device of weights and passes
 * @param part the sequences that this process computes: all, unless ranks share the case
 */
public record Implementation(DispatchForm dispatch, Kernels kernels, Device device, BatchShard part) {

    private static final Set<String> ROUTED_BY_THEIR_INPUT = Set.of("feed_forward", "mha", "switch_ff", "moe");

    /** Every implementation, on the CPU and, where there is one, on the first GPU. */
    public static List<Implementation> all() {
        List<Implementation> all = new ArrayList<>(on(Device.cpu()));
        if (Engine.getInstance().getGpuCount() > 0) {
            all.addAll(on(Device.gpu(0)));
        }
        return all;
    }

    /** Every form of dispatch on a device, fused with each kernel. */
    public static List<Implementation> on(Device device) {
        return Arrays.stream(DispatchForm.values())
                .flatMap(dispatch -> on(device, dispatch).stream())
                .toList();
    }

    /** The implementations of one form of dispatch on a device. */
    static List<Implementation> on(Device device, DispatchForm dispatch) {
        Stream<ProductKernel> kernels = dispatch == DispatchForm.FUSED
                ? Arrays.stream(ProductKernel.values())
                : Stream.of(ProductKernel.MATRIX);
        return kernels.map(kernel -> new Kernels(kernel, kernel))
                .map(all -> new Implementation(dispatch, all, device, BatchShard.all()))
                .toList();
    }

    /** This implementation, for a part of the sequences. */
    Implementation of(BatchShard own) {
        return new Implementation(dispatch, kernels, device, own);
    }

    /** Whether products are in bfloat16. */
    boolean isSelective() {
        return kernels.dense() == ProductKernel.BFLOAT16;
    }

    /**
     * Whether cases of a kind can be compared. In bfloat16 only single layers can, whose routes come from the input
     * itself: behind a product in bfloat16 a router may choose another expert for a token between two.
     */
    boolean suits(String kind) {
        return !isSelective() || ROUTED_BY_THEIR_INPUT.contains(kind);
    }

    /** The name in reports. */
    String label() {
        return (device.isGpu() ? "gpu " : "cpu ")
                + (isFused() ? "fused, " + kernels : dispatch.name().toLowerCase(Locale.ROOT));
    }

    /** A pass that computes with this implementation. */
    ForwardContext apply(ForwardContext pass) {
        return isFused() ? pass.by(kernels) : pass;
    }

    private boolean isFused() {
        return dispatch == DispatchForm.FUSED;
    }
}
