package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.TestRuns;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import dev.switchlab.train.RunStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PastRunsTest {

    private static final String CPU = "a processor";
    private static final String ONE_MODEL = "model.n_experts=2";

    @TempDir
    Path folder;

    private MirroredBook store;
    private ResolvedSweep ready;
    private SweepRun wanted;

    @BeforeEach
    void sweep() throws IOException {
        store = MirroredBook.open(folder.resolve("runs"), MlflowEnvironment.NONE);
        Files.writeString(folder.resolve("small.yaml"), "semantics: paper\ncorpus: dickens\n");
        ready = ResolvedSweep.of(
                Sweep.of(SweepTest.request("small", ONE_MODEL, "", "7"), folder),
                new ResolvedSweep.Conditions("cpu", 1, "auto"));
        wanted = ready.sweep().runs().get(0);
    }

    @AfterEach
    void close() {
        store.close();
    }

    /** A run with the settings of the wanted one but for changes; an empty value drops a setting. */
    private String run(RunStatus status, String cpu, Map<String, String> changes) {
        Map<String, String> params = new HashMap<>(wanted.experiment().toParams());
        params.put("corpus", "elsewhere/dickens.txt");
        params.put("corpus.sha256", ready.text(wanted).sha256());
        params.put("device", "cpu");
        params.put("threads", "1");
        params.putAll(changes);
        params.values().removeIf(String::isEmpty);
        RunInfo info = new RunInfo(
                "small",
                "",
                "a run",
                "",
                "",
                "",
                Optional.empty(),
                "",
                params,
                Map.of("switchlab.cpu", cpu),
                Optional.empty());
        try (BookLog log = TestRuns.begin(store, info)) {
            log.finish(status);
            return log.runId();
        }
    }

    private Optional<String> found() {
        return new PastRuns(store)
                .equal(wanted, ready.text(wanted).sha256(), ready.conditions(), CPU)
                .map(Run::runId);
    }

    @Test
    void theSameSettingsSeedTextAndMachine() {
        assertThat(found()).isEmpty();
        run(RunStatus.KILLED, CPU, Map.of());
        run(RunStatus.FINISHED, "another", Map.of());
        run(RunStatus.FINISHED, CPU, Map.of("seed", "8"));
        run(RunStatus.FINISHED, CPU, Map.of("threads", "2"));
        run(RunStatus.FINISHED, CPU, Map.of("corpus.sha256", "0123"));
        run(RunStatus.FINISHED, CPU, Map.of("train.steps", "3"));
        assertThat(found()).isEmpty();
        String same = run(RunStatus.FINISHED, CPU, Map.of());
        assertThat(found()).contains(same);
    }

    /** A run from before a setting was there is as one that leaves it off. */
    @Test
    void aSettingThatIsYoungerThanARun() {
        run(RunStatus.FINISHED, CPU, Map.of("model.norm", "rms"));
        assertThat(found()).isEmpty();
        String run = run(RunStatus.FINISHED, CPU, Map.of("model.norm", ""));
        assertThat(found()).contains(run);
    }
}
