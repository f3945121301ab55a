package dev.switchlab.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.bench.Subject.Rounds;
import dev.switchlab.bench.Timing.Samples;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TimingTest {

    @Test
    void quantilesAreInterpolated() {
        assertThat(Timing.of(List.of(4.0, 1.0, 3.0, 2.0))).isEqualTo(new Timing(2.5, 1.75, 3.25, 4));
        assertThat(Timing.of(List.of(7.0))).isEqualTo(new Timing(7, 7, 7, 1));
    }

    @Test
    void subjectsTakeTurnsAndWarmUpIsNotCounted() {
        List<String> order = new ArrayList<>();
        Subject a = recording("a", order);
        Subject b = recording("b", order);
        int[] rounds = {0};
        var samples = new Rounds(1, 2, 1).run(List.of(a, b), () -> rounds[0]++);
        assertThat(order).containsExactly("a", "b", "a", "b", "a", "b");
        assertThat(rounds[0]).isEqualTo(3);
        // Its times are the numbers of its turns: 1 in the warm-up, then 3 and 5.
        assertThat(samples.get(a).timings().get(Samples.TOTAL)).isEqualTo(new Timing(4, 3.5, 4.5, 2));
    }

    private static Subject recording(String name, List<String> order) {
        return new Subject() {
            @Override
            public void round(Samples samples) {
                order.add(name);
                samples.add(Samples.TOTAL, order.size());
            }

            @Override
            public void close() {}
        };
    }
}
