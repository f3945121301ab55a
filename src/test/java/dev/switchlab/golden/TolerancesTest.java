package dev.switchlab.golden;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.golden.TensorDifference.Bound;
import dev.switchlab.safetensors.Dtype;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TolerancesTest {

    @Test
    void followTorchByDtype() {
        Tolerances plain = Tolerances.of(Map.of());
        assertThat(plain.of("output.y", Dtype.F32)).isEqualTo(new Bound(1e-5, 1.3e-6));
        assertThat(plain.of("output.y", Dtype.F64)).isEqualTo(new Bound(1e-7, 1e-7));
        assertThat(plain.of("output.y", Dtype.F16)).isEqualTo(new Bound(1e-5, 1e-3));
        assertThat(plain.of("output.y", Dtype.BF16)).isEqualTo(new Bound(1e-5, 1.6e-2));
        assertThat(plain.of("output.y", Dtype.I64)).isEqualTo(Bound.EXACT);
        assertThat(new Bound(1e-5, 1e-3).of(-2)).isEqualTo(1e-5 + 2e-3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"output.counts", "output.routes", "output.capacity", "output.n_dropped", "output.dropped.3"})
    void countsAreExactWhateverTheirDtype(String name) {
        assertThat(Tolerances.of(Map.of("output", 1.0)).of(name, Dtype.F32)).isEqualTo(Bound.EXACT);
    }

    @Test
    void areWidenedByTheCasesOwnErrorAndItsGroup() {
        Tolerances noisy = Tolerances.of(Map.of("output", 1e-6, "grad", 1e-4));
        assertThat(noisy.of("output.loss", Dtype.F32).absolute()).isEqualTo(1e-5 + 4e-6);
        assertThat(noisy.of("grad.input.x", Dtype.F32).absolute()).isEqualTo(1e-5 + 4e-4);
        assertThat(noisy.of("grad.input.x", Dtype.F32).relative()).isEqualTo(1.3e-6);
    }

    @Test
    void ofATrajectoryHaveGroupsOfTheirOwn() {
        Map<String, Double> noise =
                Map.of("loss", 1.0, "grad_norm", 2.0, "weights_without_key_bias", 3.0, "key_bias", 9.0);
        Tolerances tolerances = Tolerances.ofTrajectory(noise, 0.5);
        assertThat(tolerances.of("output.cross_entropy", Dtype.F32).absolute()).isEqualTo(1e-5 + 4);
        assertThat(tolerances.of("output.grad_norm", Dtype.F32).absolute()).isEqualTo(1e-5 + 8);
        assertThat(tolerances.of("output.lr", Dtype.F32).absolute()).isEqualTo(1e-5);
        assertThat(tolerances.of("output.final.generator.bias", Dtype.F32).absolute())
                .isEqualTo(1e-5 + 12);
        assertThat(tolerances
                        .of("output.final.transformer.layers.0.attn.key.linear.bias", Dtype.F32)
                        .absolute())
                .isEqualTo(1e-5 + 0.5);
    }
}
