package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Option;

class MakeVariablesTest {

    /** Options as the commands have them. */
    static final class Options {

        @Option(names = "--top-k", defaultValue = "7")
        private int topK;

        @Option(names = "--dry-run")
        private boolean dryRun;

        @Option(names = "--compare", defaultValue = "")
        private String compare;

        @Option(names = "--runs", defaultValue = "runs")
        private String folder;

        static Options parse(Map<String, String> environment, String... arguments) {
            Options options = new Options();
            new CommandLine(options)
                    .setDefaultValueProvider(new MakeVariables(environment))
                    .parseArgs(arguments);
            return options;
        }
    }

    @Test
    void areDefaultsOfOptions() {
        Options options = Options.parse(
                Map.of("SWITCHLAB_TOP_K", "20", "SWITCHLAB_DRY_RUN", "true", "SWITCHLAB_RUNS", "a b", "TOP_K", "1"));
        assertThat(options.topK).isEqualTo(20);
        assertThat(options.dryRun).isTrue();
        assertThat(options.compare).isEqualTo("a b");
        assertThat(options.folder).isEqualTo("runs");
        assertThat(Options.parse(Map.of("SWITCHLAB_TOP_K", "20"), "--top-k", "3").topK)
                .isEqualTo(3);
        assertThat(Options.parse(Map.of("SWITCHLAB_TOP_K", "")).topK).isEqualTo(7);
    }

    @Test
    void areTheCallThatIsKeptWithARun() {
        MakeVariables variables = new MakeVariables(Map.of(
                "SWITCHLAB_EXPERIMENT", "smoke",
                "SWITCHLAB_SET", "train.steps=5 train.sample_prompt=\"it's\"",
                "SWITCHLAB_CACHE", "/somewhere",
                "SWITCHLAB_DEBUG", "true",
                "PASSWORD", "secret"));
        assertThat(variables.makeCall(List.of("train"), Map.of()))
                .isEqualTo("make train EXPERIMENT=smoke SET='train.steps=5 train.sample_prompt=\"it'\\''s\"'");
    }

    @Test
    void optionsFollowTheCall() {
        assertThat(new MakeVariables(Map.of()).makeCall(List.of("train", "--set", "a=1 b=2"), Map.of()))
                .isEqualTo("make train  # with the options --set 'a=1 b=2'");
    }

    @Test
    void aChangedVariableReplacesItsOption() {
        MakeVariables variables = new MakeVariables(Map.of("SWITCHLAB_RUN", "the newest"));
        Map<String, String> changes = Map.of("RUN", "3f2a");
        String call = "make reproduce RUN=3f2a  # with the options --threads 1";
        assertThat(variables.makeCall(List.of("reproduce", "--run", "3f", "--threads", "1"), changes))
                .isEqualTo(call);
        assertThat(variables.makeCall(List.of("reproduce", "--run=3f", "--threads", "1"), changes))
                .isEqualTo(call);
    }

    /** A process that exits while libtorch is being loaded may crash. */
    @Test
    void helpDoesNotLoadTheEngine() {
        assertThat(Main.computes("train", "--seed", "2")).isTrue();
        assertThat(Main.computes("train", "--help")).isFalse();
        assertThat(Main.computes("runs")).isFalse();
        assertThat(Main.computes()).isFalse();
    }
}
