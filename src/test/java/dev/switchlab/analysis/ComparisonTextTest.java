package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is printed: little enough for a screen. */
class ComparisonTextTest {

    private static final String SCORE = "final/cross_entropy";

    private static String text(Fakes fakes) {
        return new ComparisonText(Comparison.of(fakes, List.of("smoke"), "")).text();
    }

    /** A run of {@code smoke}. */
    private static void run(Fakes fakes, double score, String... params) {
        String id = String.format("%08x", fakes.runs().size());
        fakes.run(id, "smoke", params)
                .end(id, "FINISHED", 65)
                .metric(id, SCORE, score)
                .metric(id, "train/tokens_per_second", 12_345.6);
    }

    @Test
    void aLineForEachSettingThenDifferences() {
        Fakes fakes = new Fakes();
        for (int seed = 1; seed <= 3; seed++) {
            run(fakes, 2 + seed * 0.01, "seed=" + seed, "model.n_experts=2", "model.heads=2");
            run(fakes, 1.9 + seed * 0.011, "seed=" + seed, "model.n_experts=4", "model.heads=2");
        }
        assertThat(text(fakes)).isEqualTo("""
                6 runs of 2 settings; losses in nats per character, mean and 95 % interval over seeds; * best mean
                     n_experts  runs  final/cross_entropy  best    time       tokens/s
                A    2             3  2.0200 +- 0.0248     2.0100  1 min 5 s  12,346
                B *  4             3  1.9220 +- 0.0273     1.9110  1 min 5 s  12,346

                differences to A n_experts=2, paired over seeds
                   pairs  difference         verdict
                B      3  -0.0980 +- 0.0025  better""");
    }

    @Test
    void theRunsOfAnOnlySetting() {
        Fakes fakes = new Fakes();
        run(fakes, 2.0, "seed=1");
        run(fakes, 2.1, "seed=2");
        assertThat(text(fakes)).isEqualTo("""
                2 runs of 1 setting; losses in nats per character, mean and 95 % interval over seeds
                   runs  final/cross_entropy  best    time       tokens/s
                A     2  2.0500 +- 0.6353     2.0000  1 min 5 s  12,346

                run       seed  final/cross_entropy  time
                00000000  1     2.0000               1 min 5 s
                00000001  2     2.1000               1 min 5 s

                note: all runs have one setting, so there is nothing to pair""");
    }

    /** Sixty settings that differ in thirty parameters. */
    @Test
    void muchFitsAScreenAllTheSame() {
        Fakes fakes = new Fakes();
        for (int setting = 0; setting < 60; setting++) {
            List<String> params = new ArrayList<>(List.of("seed=1", "train.number=" + setting));
            for (int i = 0; i < 30; i++) {
                params.add("train.a_setting_with_a_rather_long_name_" + i + "=" + setting % 2);
            }
            run(fakes, setting == 33 ? 1 : 2 + setting, params.toArray(String[]::new));
        }
        List<String> lines = Arrays.asList(text(fakes).split("\n", -1));
        assertThat(lines).hasSizeLessThanOrEqualTo(45).allMatch(line -> line.length() <= 120);
        assertThat(lines)
                .anyMatch(line -> line.matches("S34 \\*  33 .*1\\.0000.*"))
                .anyMatch(line -> line.matches("A  +0 .*2\\.0000.*"))
                .contains("... the best of 60 settings and the baseline; all are on the page")
                .anyMatch(line -> line.matches("\\.\\.\\. also differ: a_setting.* and \\d+ more"));
        assertThat(lines.stream().filter(line -> line.startsWith("note: "))).hasSize(1);
    }

    @Test
    void differentTextsAreWarnedOfAndNotHeldAgainstEachOther() {
        Fakes fakes = new Fakes();
        for (int seed = 1; seed <= 2; seed++) {
            run(fakes, 2, "seed=" + seed, "corpus.name=dickens", "corpus.sha256=aa");
            run(fakes, 1, "seed=" + seed, "corpus.name=tiny", "corpus.sha256=bb");
        }
        String text = text(fakes);
        assertThat(text)
                .startsWith("WARNING: the runs are of different texts (dickens: A; tiny: B): their losses say nothing"
                        + " about each other\n")
                .doesNotContain("differences to", "*");
    }

    @ParameterizedTest
    @CsvSource({
        "train_fraction=0.9, train_fraction=0.5, train_fraction 0.9: A; 0.5: B",
        "train_fraction=0.9 validation=rest, train_fraction=0.9 validation=held_out,"
                + " train_fraction 0.9: A; 0.9 held_out: B",
    })
    void differentPartsOfATextAreWarnedOf(String first, String second, String parts) {
        Fakes fakes = new Fakes();
        run(fakes, 2, ("seed=1 corpus.sha256=aa " + first).split(" ", -1));
        run(fakes, 1, ("seed=1 corpus.sha256=aa " + second).split(" ", -1));
        run(fakes, 1, ("seed=2 corpus.sha256=aa " + first).split(" ", -1));
        assertThat(text(fakes))
                .startsWith("WARNING: the runs are scored on different parts of the text (" + parts + ")");
    }

    /** They change rounding and speed; but where each has a capacity of its own, which tokens are dropped. */
    @Test
    void ranksAreNoSettingUnlessCapacityIsOfARank() {
        Fakes fakes = new Fakes();
        run(fakes, 2, "seed=1", "model.capacity_scope=global");
        run(fakes, 1, "seed=2", "model.capacity_scope=global", "ranks=2");
        fakes.tag("00000001", "switchlab.ranks", "2");
        assertThat(text(fakes))
                .startsWith("2 runs of 1 setting")
                .contains("note: runs differ in ranks: their times do not compare");
        Fakes ofRank = new Fakes();
        run(ofRank, 2, "seed=1", "model.capacity_scope=rank");
        run(ofRank, 1, "seed=2", "model.capacity_scope=rank", "ranks=2");
        assertThat(text(ofRank)).startsWith("2 runs of 2 settings");
    }

    @Test
    void timesOfDifferentMachinesDoNotCompare() {
        Fakes fakes = new Fakes();
        run(fakes, 2, "seed=1", "x=1");
        run(fakes, 1, "seed=1", "x=2");
        fakes.tag("00000000", "switchlab.threads", "1").tag("00000001", "switchlab.threads", "2");
        assertThat(text(fakes)).contains("note: runs differ in threads: their times do not compare");
    }
}
