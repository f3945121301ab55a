package dev.switchlab.golden;

import dev.switchlab.experiment.ModelConfig.DispatchForm;
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
 * A way to compute that every case has to pass.
 *
 * @param dispatch fused primitives, or plain operators under autograd with a form of dispatch
 * @param kernels what multiplies in fused primitives
 */
public record Form(DispatchForm dispatch, Kernels kernels) {

    private static final Set<String> NOT_ROUTED_BY_PRODUCTS = Set.of("feed_forward", "mha", "switch_ff", "moe");

    /** Every form of dispatch; fused with each kernel. */
    public static List<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (DispatchForm dispatch : DispatchForm.values()) {
            forms.addAll(of(dispatch));
        }
        return forms;
    }

    /** The ways to compute with one form of dispatch. */
    public static List<Form> of(DispatchForm dispatch) {
        if (dispatch != DispatchForm.FUSED) {
            return List.of(new Form(dispatch, Kernels.MATRIX));
        }
        return Arrays.stream(ProductKernel.values())
                .map(kernel -> new Form(dispatch, all(kernel)))
                .toList();
    }

    private static Kernels all(ProductKernel kernel) {
        return new Kernels(ProductKernels.all(kernel), ProductKernels.all(kernel));
    }

    /** Without experts, the forms that differ only in how tokens reach them are one. */
    boolean isOfDispatchOnly() {
        return dispatch == DispatchForm.LOOP;
    }

    /** Whether products are in bfloat16. */
    boolean isSelective() {
        return kernels.dense().isSelective();
    }

    /**
     * Whether a kind of cases can be computed so. In bfloat16 only single layers: their routes come from the input
     * itself. Behind products in bfloat16 a router may choose another expert for a token between two, and nothing after
     * it could be compared.
     */
    boolean suits(String kind) {
        return !isSelective() || NOT_ROUTED_BY_PRODUCTS.contains(kind);
    }

    /** As it stands in reports. */
    String label() {
        return dispatch == DispatchForm.FUSED
                ? "fused, " + kernels
                : dispatch.name().toLowerCase(Locale.ROOT);
    }

    /** The pass that computes so. */
    Pass of(Pass pass) {
        return dispatch == DispatchForm.FUSED ? pass.fusedBy(kernels) : pass;
    }
}
