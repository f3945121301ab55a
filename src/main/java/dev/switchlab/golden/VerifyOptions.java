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

/**
 * How cases are verified: every case has to pass with each implementation on each target.
 *
 * @param only verifies only cases whose name contains this text; empty for all
 */
public record VerifyOptions(List<Implementation> implementations, List<Target> targets, String only) {

    /** Copies the lists; neither may be empty, or nothing would be checked. */
    public VerifyOptions {
        implementations = List.copyOf(implementations);
        targets = List.copyOf(targets);
        if (implementations.isEmpty() || targets.isEmpty()) {
            throw new IllegalArgumentException("at least one implementation and one target must be verified");
        }
    }

    /** Every implementation, on the CPU with both kinds of routing plan and, where there is one, on the first GPU. */
    public static VerifyOptions everything() {
        List<Target> targets =
                new ArrayList<>(List.of(Target.of(Device.cpu()), new Target(Device.cpu(), true, BatchPart.all())));
        if (Engine.getInstance().getGpuCount() > 0) {
            targets.add(Target.of(Device.gpu(0)));
        }
        return new VerifyOptions(Implementation.all(), targets, "");
    }

    /**
     * One way to compute.
     *
     * @param dispatch fused primitives, or plain operators under autograd with a form of dispatch
     * @param kernels kernels of the matrix products inside fused primitives
     */
    public record Implementation(DispatchForm dispatch, Kernels kernels) {

        private static final Set<String> ROUTED_BY_THEIR_INPUT = Set.of("feed_forward", "mha", "switch_ff", "moe");

        /** Every form of dispatch; fused with each kernel. */
        public static List<Implementation> all() {
            return Arrays.stream(DispatchForm.values())
                    .flatMap(dispatch -> of(dispatch).stream())
                    .toList();
        }

        /** The implementations of one form of dispatch. */
        public static List<Implementation> of(DispatchForm dispatch) {
            if (dispatch != DispatchForm.FUSED) {
                return List.of(new Implementation(dispatch, Kernels.MATRIX));
            }
            return Arrays.stream(ProductKernel.values())
                    .map(ProductKernels::all)
                    .map(kernels -> new Implementation(dispatch, new Kernels(kernels, kernels)))
                    .toList();
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
            return dispatch == DispatchForm.FUSED
                    ? "fused, " + kernels
                    : dispatch.name().toLowerCase(Locale.ROOT);
        }

        /** A pass that computes with this implementation. */
        Pass apply(Pass pass) {
            return dispatch == DispatchForm.FUSED ? pass.fusedBy(kernels) : pass;
        }
    }

    /**
     * Where a case runs.
     *
     * @param device the device of weights and passes
     * @param routesOnDevice whether tensor operations make the routing plan, as always on a GPU
     * @param part the sequences that this process computes: all, unless ranks share the case
     */
    public record Target(Device device, boolean routesOnDevice, BatchPart part) {

        /** A device, with its own kind of routing plan. */
        public static Target of(Device device) {
            return new Target(device, device.isGpu(), BatchPart.all());
        }

        /** The name in reports. */
        String label() {
            return device.isGpu() ? "gpu" : routesOnDevice ? "cpu planned by tensors" : "cpu";
        }
    }
}
