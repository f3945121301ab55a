package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.sweep.Status.Failed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatusTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "at 0 200 NaN NaN",
                "at 12 200 2.3125 14.5",
                "done 2.310712345678901 NaN",
                "stopped 120",
                "failed training diverged at step 3: loss NaN"
            })
    void linesReadBack(String line) {
        assertThat(Status.parse(line)).map(Status::line).contains(line);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "at", "at last it is done", "done with it", "failed", "stopped x", "WARNING: at 1 2 3 4"})
    void otherLinesAreNotTaken(String line) {
        assertThat(Status.parse(line)).isEmpty();
    }

    @Test
    void aReasonIsOneLine() {
        assertThat(new Failed("first\n  second", false).line()).isEqualTo("failed first; second");
    }
}
