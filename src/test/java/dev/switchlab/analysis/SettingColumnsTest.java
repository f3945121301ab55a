package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SettingColumnsTest {

    private static final String ONE = "1".repeat(64);
    private static final String TWO = "2".repeat(64);

    private static List<Setting> settings(String experiment, String... params) {
        Fakes fakes = new Fakes();
        for (String own : params) {
            fakes.run("r" + fakes.runs().size(), experiment, own.split(" ", -1));
        }
        return Setting.group(fakes.runs());
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

    @Test
    void textsAreToldApartByTheirNames() {
        List<Setting> settings = settings(
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
        List<Setting> settings =
                settings("x", "corpus.name=a corpus.sha256=" + ONE, "corpus.name=a corpus.sha256=" + TWO);
        SettingColumns columns = SettingColumns.of(settings);
        assertThat(columns.differing()).containsExactly("corpus.sha256");
        assertThat(columns.name(settings.get(1))).isEqualTo("sha256=22222222…");
    }

    @Test
    void labelsAreShortUnlessTheyWouldMeanTwoThings() {
        List<Setting> settings = settings("x", "model.d=32 train.z=0.0", "model.d=64 train.z=0.001");
        SettingColumns columns = SettingColumns.of(settings);
        assertThat(columns.name(settings.get(0))).isEqualTo("d=32");
        settings = settings("x", "a.d=1 b.d=0.0", "a.d=2 b.d=0.0", "a.d=1 b.d=0.5");
        assertThat(SettingColumns.of(settings).name(settings.get(0))).isEqualTo("a.d=1 b.d=0");
    }
}
