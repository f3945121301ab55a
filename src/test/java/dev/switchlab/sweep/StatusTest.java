package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import dev.switchlab.sweep.Status.Running;
import dev.switchlab.sweep.Status.Stopped;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class StatusTest {

    @Test
    void eachStateIsALineThatReadsBack() {
        for (Status state : List.of(
                new Running(0, 200, Double.NaN, OptionalDouble.empty()),
                new Running(12, 200, 2.3125, OptionalDouble.of(14.5)),
                new Done(2.310712345678901, Double.NaN),
                new Stopped(120),
                new Failed("training diverged at step 3: loss NaN", false))) {
            assertThat(state.line()).doesNotContain("\n");
            assertThat(Status.parse(state.line())).contains(state);
        }
        assertThat(new Failed("first\n  second", false).line()).isEqualTo("failed first; second");
    }

    @Test
    void otherLinesAreNotTaken() {
        for (String line :
                List.of("", "at", "at last it is done", "done with it", "failed", "stopped x", "WARNING: at 1 2 3 4")) {
            assertThat(Status.parse(line)).as(line).isEmpty();
        }
    }
}
