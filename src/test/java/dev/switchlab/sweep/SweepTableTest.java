package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import dev.switchlab.sweep.Status.Running;
import dev.switchlab.sweep.Status.Stopped;
import dev.switchlab.sweep.Status.Waiting;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** The table as it is drawn, and the time that is left. */
class SweepTableTest {

    private static SweepProgress progress(String grid, String seeds, OptionalDouble expected) {
        Sweep sweep = Sweep.of(SweepTest.request("smoke", "", grid, seeds), Path.of("experiments"));
        return new SweepProgress(sweep, 2, run -> expected);
    }

    private static void set(SweepProgress progress, int number, Status state) {
        progress.set(progress.sweep().runs().get(number - 1), state);
    }

    @Test
    void settingsDownAndSeedsAcross() {
        SweepProgress progress = progress("model.n_experts=2,4,8 train.z_loss=0", "1,2", OptionalDouble.empty());
        set(progress, 1, new Done(2.31074, 30));
        set(progress, 2, new Running(120, 200, 2.4, OptionalDouble.of(14)));
        set(progress, 3, new Failed("training diverged", false));
        set(progress, 4, new Running(0, 0, Double.NaN, OptionalDouble.empty()));
        set(progress, 5, new Waiting("memory"));
        set(progress, 6, new Stopped(12));
        assertThat(new SweepTable(progress, left -> "").lines(80, 24))
                .containsExactly(
                        "setting               seed 1              seed 2",
                        "n_experts=2 z_loss=0  2.3107              starts",
                        "n_experts=4 z_loss=0  120/200 2.400 14 s  waits: memory",
                        "n_experts=8 z_loss=0  failed              stopped at 12",
                        "1 of 6 done, 2 running, 1 failed, 1 stopped; 37 s left");
    }

    @Test
    void whereColumnsDoNotFitSeedsAreCounted() {
        SweepProgress progress = progress("model.n_experts=2,4", "1..20", OptionalDouble.empty());
        set(progress, 1, new Done(2.5, 30));
        set(progress, 3, new Done(2.7, 30));
        set(progress, 5, new Running(10, 200, 2.4, OptionalDouble.of(100)));
        List<String> lines = new SweepTable(progress, left -> "").lines(80, 24);
        assertThat(lines).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(80));
        assertThat(lines.get(1)).isEqualTo("n_experts=2  2/20  2.6000  10/200 2.400 1:40 min");
        assertThat(lines.get(2)).isEqualTo("n_experts=4  0/20  -");
    }

    @Test
    void whereLinesDoNotFitThoseInWhichNothingHappensAreCounted() {
        SweepProgress progress = progress("model.n_experts=1,2,3,4,5,6,7,8,9,10,11,12", "1", OptionalDouble.empty());
        set(progress, 11, new Running(10, 200, 2.4, OptionalDouble.of(100)));
        assertThat(new SweepTable(progress, left -> "").lines(80, 6))
                .containsExactly(
                        "setting       seed 1",
                        "n_experts=11  10/200 2.400 1:40 min",
                        "... 11 more settings",
                        "0 of 12 done, 1 running; time left unknown");
    }

    @Test
    void timeLeftIsSharedByThoseThatRunAtATime() {
        SweepProgress progress = progress("model.n_experts=2,4", "1..3", OptionalDouble.of(10));
        assertThat(progress.secondsLeft().orElseThrow()).isCloseTo(30, within(1e-9));
        // Those of its own setting tell more than what was known before.
        set(progress, 1, new Done(2.3, 20));
        assertThat(progress.secondsLeft().orElseThrow()).isCloseTo((2 * 20 + 3 * 10) / 2.0, within(1e-9));
        for (int number = 2; number <= 6; number++) {
            set(progress, number, new Done(2.3, 20));
        }
        set(progress, 2, new Running(1, 200, 2.4, OptionalDouble.of(100)));
        assertThat(progress.secondsLeft())
                .as("no less than the longest that runs")
                .hasValue(100);
        set(progress, 2, new Done(2.3, 20));
        assertThat(progress.isDone()).isTrue();
        assertThat(progress.secondsLeft()).hasValue(0);
    }
}
