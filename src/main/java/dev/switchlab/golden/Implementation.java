package dev.switchlab.golden;

import ai.djl.Device;
import ai.djl.engine.Engine;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.nn.BatchPart;
import dev.switchlab.nn.Pass;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.nn.kernel.ProductKernel;
import dev.switchlab.nn.kernel.ProductKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One way to compute a case.
 *
 * @param dispatch fused primitives, or plain operators under autograd with a form of dispatch
 * @param kernels kernels of the matrix products inside fused primitives
 * @param device the device of weights and passes
 * @param routesOnDevice whether tensor operations make the routing plan, as always on a GPU
 * @param part the sequences that this process computes: all, unless ranks share the case
 */
public record Implementation(
        DispatchForm dispatch, Kernels kernels, Device device, boolean routesOnDevice, BatchPart part) {

    private static final Set<String> ROUTED_BY_THEIR_INPUT = Set.of("feed_forward", "mha", "switch_ff", "moe");

    /** Every implementation, on the CPU with both kinds of routing plan and, where there is one, on the first GPU. */
    public static List<Implementation> all() {
        List<Implementation> all = new ArrayList<>(on(Device.cpu()));
        on(Device.cpu()).forEach(plain -> all.add(plain.plannedByTensors()));
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
        return kernels.map(ProductKernels::all)
                .map(all -> new Kernels(all, all))
                .map(all -> new Implementation(dispatch, all, device, device.isGpu(), BatchPart.all()))
                .toList();
    }

    private Implementation plannedByTensors() {
        return new Implementation(dispatch, kernels, device, true, part);
    }

    /** This implementation, for a part of the sequences. */
    Implementation of(BatchPart own) {
        return new Implementation(dispatch, kernels, device, routesOnDevice, own);
    }

    /** Whether products are in bfloat16. */
    boolean isSelective() {
        return kernels.dense().isSelective();
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
        String target = device.isGpu() ? "gpu" : routesOnDevice ? "cpu planned by tensors" : "cpu";
        return target + " " + (isFused() ? "fused, " + kernels : dispatch.name().toLowerCase(Locale.ROOT));
    }

    /**
     * The computation of a case without experts: neither the form of dispatch under autograd nor the kind of routing
     * plan matters.
     */
    String labelWithoutExperts() {
        return (device.isGpu() ? "gpu" : "cpu") + (isFused() ? " fused, " + kernels : "");
    }

    /** A pass that computes with this implementation. */
    Pass apply(Pass pass) {
        return isFused() ? pass.fusedBy(kernels) : pass;
    }

    private boolean isFused() {
        return dispatch == DispatchForm.FUSED;
    }
}
