package dev.switchlab.golden;

import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.nn.Pass;
import dev.switchlab.nn.kernel.ProductKernel;
import dev.switchlab.nn.kernel.ProductKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A way to compute that every case has to pass.
 *
 * @param dispatch fused primitives, or plain operators under autograd with a form of dispatch
 * @param kernels what multiplies in fused primitives
 */
public record Form(DispatchForm dispatch, ProductKernels kernels) {

    /** Every form of dispatch; fused with each kernel that multiplies in float32. */
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
            return List.of(new Form(dispatch, ProductKernels.MATRIX));
        }
        return List.of(ProductKernel.MATRIX, ProductKernel.CONVOLUTION, ProductKernel.LINEAR).stream()
                .map(kernel -> new Form(dispatch, ProductKernels.all(kernel)))
                .toList();
    }

    /** Without experts, the forms that differ only in how tokens reach them are one. */
    boolean isOfDispatchOnly() {
        return dispatch == DispatchForm.LOOP;
    }

    /** As it stands in reports. */
    String label() {
        return dispatch == DispatchForm.FUSED
                ? "fused, " + kernels.forward().name().toLowerCase(Locale.ROOT)
                : dispatch.name().toLowerCase(Locale.ROOT);
    }

    /** The pass that computes so. */
    Pass of(Pass pass) {
        return dispatch == DispatchForm.FUSED ? pass.fusedBy(kernels) : pass;
    }
}
