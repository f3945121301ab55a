package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class MemoryWatchTest {

    private long free = 1000;
    private final MemoryWatch watch = new MemoryWatch(() -> OptionalLong.of(free));

    @Test
    void whereNothingIsKnownAChildFits() {
        free = 1;
        assertThat(watch.fits("a", List.of())).isTrue();
        assertThat(new MemoryWatch(OptionalLong::empty).fits("a", List.of())).isTrue();
    }

    @Test
    void aChildNeedsWhatItsSettingWasSeenToTake() {
        watch.saw("small", OptionalLong.of(100));
        watch.saw("large", OptionalLong.of(600));
        watch.saw("large", OptionalLong.of(500));
        watch.saw("large", OptionalLong.empty());
        free = 600;
        assertThat(watch.fits("small", List.of())).isTrue();
        assertThat(watch.fits("large", List.of())).as("no room above the peak").isFalse();
        assertThat(watch.fits("new", List.of())).as("as much as any").isFalse();
        free = 700;
        assertThat(watch.fits("large", List.of())).isTrue();
    }

    /** One that has just begun will take what it has not yet. */
    @Test
    void whatRunningChildrenWillTakeIsPromised() {
        watch.saw("large", OptionalLong.of(600));
        free = 1100;
        assertThat(watch.fits("large", List.of(Map.entry("large", OptionalLong.of(600)))))
                .isTrue();
        assertThat(watch.fits("large", List.of(Map.entry("large", OptionalLong.of(100)))))
                .isFalse();
    }
}
