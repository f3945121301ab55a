package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SettingColumnsTest {

    private static final String ONE = "1".repeat(64);
    private static final String TWO = "2".repeat(64);

    private static List<SettingRuns> settings(String experiment, String... params) {
        Fakes fakes = new Fakes();
        for (String own : params) {
            fakes.run("r" + fakes.runs().size(), experiment, own.split(" ", -1));
        }
        return SettingRuns.group(fakes.runs());
    }

    @Test
    void aGridHasItsParametersAsAxesThatWithTheMostValuesFirst() {
        SettingColumns columns = SettingColumns.of(settings(
                "x", "a=0 b=1 c=7", "a=0 b=2 c=7", "a=0 b=4 c=7", "a=1 b=1 c=7", "a=1 b=2 c=7", "a=1 b=4 c=7"));
        assertThat(columns.differing()).containsExactly("a", "b");
        assertThat(columns.axes()).containsExactly("b", "a");
    }

    @Test
    void whatFollowsFromTheOthersIsNoAxis() {
        SettingColumns columns =
                SettingColumns.of(settings("x", "n=1 kind=dense", "n=2 kind=switch", "n=4 kind=switch"));
        assertThat(columns.differing()).containsExactly("kind", "n");
        assertThat(columns.axes()).containsExactly("n");
    }

    /** A run from before there was the setting has the value that it has where it is off. */
    @Test
    void anOlderRunIsOfTheSettingThatItMeans() {
        List<SettingRuns> settings = settings("x", "n=1", "n=1 model.norm=layer", "n=1 model.norm=rms");
        assertThat(settings).extracting(setting -> setting.runs().size()).containsExactly(2, 1);
        assertThat(SettingColumns.of(settings).label(settings.get(0))).isEqualTo("A norm=layer");
    }

    @Test
    void textsAreToldApartByTheirNames() {
        List<SettingRuns> settings = settings(
                "x",
                "corpus=a corpus.name=a corpus.sha256=" + ONE + " corpus.unigram_entropy=3",
                "corpus=b corpus.name=b corpus.sha256=" + TWO + " corpus.unigram_entropy=4",
                // The same text by another way is the same setting.
                "corpus=c corpus.name=b corpus.sha256=" + TWO + " corpus.unigram_entropy=4");
        assertThat(settings).hasSize(2);
        assertThat(SettingColumns.of(settings).differing()).containsExactly("corpus.name");
    }

    @Test
    void textsOfOneNameAreToldApartByTheirDigests() {
        List<SettingRuns> settings =
                settings("x", "corpus.name=a corpus.sha256=" + ONE, "corpus.name=a corpus.sha256=" + TWO);
        SettingColumns columns = SettingColumns.of(settings);
        assertThat(columns.differing()).containsExactly("corpus.sha256");
        assertThat(columns.label(settings.get(1))).isEqualTo("B sha256=22222222…");
    }

    @Test
    void labelsAreShortUnlessTheyWouldMeanTwoThings() {
        List<SettingRuns> settings = settings("x", "model.d=32 train.z=0.0", "model.d=64 train.z=0.001");
        SettingColumns columns = SettingColumns.of(settings);
        assertThat(columns.label(settings.get(0))).isEqualTo("A d=32");
        settings = settings("x", "a.d=1 b.d=0.0", "a.d=2 b.d=0.0", "a.d=1 b.d=0.5");
        assertThat(SettingColumns.of(settings).label(settings.get(0))).isEqualTo("A a.d=1 b.d=0");
    }
}
