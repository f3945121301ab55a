package dev.switchlab.paper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.paper.ScalingFit.Curve;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScalingFitTest {

    @ParameterizedTest
    @CsvSource({"0.8, 0.12, 0.45", "1.4, 0.24, 0.2", "0.5, -0.1, 1.5"})
    void theCurveOfPointsOnACurve(double c, double a, double b) {
        double[] experts = {1, 2, 4, 8, 16, 32, 64, 128};
        double[] losses = DoubleStream.of(experts).map(new Curve(c, a, b)::at).toArray();
        Curve fit = Curve.of(experts, losses);
        assertThat(fit.c()).isCloseTo(c, within(1e-5));
        assertThat(fit.a()).isCloseTo(a, within(1e-5));
        assertThat(fit.b()).isCloseTo(b, within(1e-4));
    }

    /** By scipy.optimize.curve_fit on the same six points. */
    @Test
    void table7() {
        assertThat(ScalingFit.TABLE_7.toString()).isEqualTo("L(E) = 1.321 + 0.316 E^-0.21");
    }
}
