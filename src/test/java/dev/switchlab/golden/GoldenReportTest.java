package dev.switchlab.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.golden.TensorDifference.Bound;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.testing.Browser;
import dev.switchlab.testing.NeedsBrowser;
import dev.switchlab.testing.PageChecks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GoldenReportTest {

    @TempDir
    Path folder;

    private static CaseResult.RunResult run(float... actual) {
        Map<String, Tensor> expected = Map.of("output.y", Tensor.of(new float[] {1, 2, -3, 0}, 2, 2));
        Map<String, Tensor> given = Map.of("output.y", Tensor.of(actual, 2, 2));
        return new CaseResult.RunResult(
                "cpu loop", "", TensorDifference.all(expected, given, Tolerances.of(Map.of("output", 1e-5))));
    }

    private static GoldenReport report() {
        CaseResult good = new CaseResult(Path.of("g/good.safetensors"), "mha", "", List.of(run(1, 2, -3, 0)));
        CaseResult bad = new CaseResult(Path.of("g/bad.safetensors"), "mha", "", List.of(run(1, 2.5f, -3, 4e-5f)));
        CaseResult broken = CaseResult.failed(Path.of("g/<broken>.safetensors"), "not a golden case");
        return new GoldenReport(Path.of("g"), List.of(good, bad, broken));
    }

    @Test
    void statisticsAreThoseOfTheErrors() {
        TensorDifference difference = run(1, 2.5f, -3, 4e-5f).tensors().get(0);
        assertThat(difference.wrong()).isEqualTo(1);
        assertThat(difference.bitEqual()).isFalse();
        assertThat(difference.bound().absolute()).isEqualTo(5e-5);
        assertThat(difference.absolute().max()).isEqualTo(0.5);
        assertThat(difference.absolute().median()).isEqualTo((double) 4e-5f / 2);
        assertThat(difference.relative().max()).isEqualTo(0.25);
        assertThat(difference.relative().median()).isZero();
        assertThat(difference.worst()).singleElement().satisfies(worst -> {
            assertThat(worst.index()).isEqualTo("[0, 1]");
            assertThat(worst.expected()).isEqualTo(2);
            assertThat(worst.actual()).isEqualTo(2.5);
        });
    }

    @Test
    void atMostTenWorstElementsWorstFirst() {
        float[] expected = new float[100];
        float[] actual = new float[100];
        for (int i = 0; i < 100; i++) {
            actual[i] = i;
        }
        TensorDifference difference =
                TensorDifference.of("output.y", Tensor.of(expected, 100), Tensor.of(actual, 100), new Bound(0.5, 0));
        assertThat(difference.wrong()).isEqualTo(99);
        assertThat(difference.worst()).hasSize(10).first().satisfies(worst -> {
            assertThat(worst.index()).isEqualTo("[99]");
            assertThat(worst.units()).isEqualTo(198);
        });
    }

    @Test
    void summaryCountsCases() {
        assertThat(report().summary()).isEqualTo("1 passed, 2 failed");
        assertThat(report().passed()).isFalse();
        assertThat(report().statistics()).startsWith("1 of 2 tensors (50.0%) equal to the bit");
    }

    @Test
    void htmlIsOnePageWithEverythingEscaped() throws IOException {
        Path file = folder.resolve("sub/report.html");
        report().write(file);
        String page = Files.readString(file);
        assertThat(page)
                .contains("<h1>Golden cases: 1 passed, 2 failed</h1>", "[0, 1] expected 2, got 2.50000000")
                .contains("&lt;broken&gt;")
                .doesNotContain("<broken>", "http:", "https:");
    }

    @Test
    @NeedsBrowser
    void aPersonSeesThePage(Browser browser) throws IOException {
        Path file = folder.resolve("golden.html");
        report().write(file);
        PageChecks.check(browser, file);
    }

    @Test
    void anotherEndingIsRefused() {
        assertThatThrownBy(() -> report().write(folder.resolve("report.txt")))
                .hasMessage("a golden report is a page, not " + folder.resolve("report.txt")
                        + "; its name ends with .html, for example golden.html");
        assertThat(folder).isEmptyDirectory();
    }
}
