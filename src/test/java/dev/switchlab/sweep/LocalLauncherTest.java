package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.data.CorpusStore;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.sweep.LocalLauncher.MemoryWatch;
import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import dev.switchlab.sweep.Status.Running;
import dev.switchlab.sweep.Status.Stopped;
import dev.switchlab.sweep.Status.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Processes that only seem to train. */
@Timeout(120)
@Tag("slow")
class LocalLauncherTest {

    private static final long PLENTY = Long.MAX_VALUE / 2;

    private static final Experiment EXPERIMENT = Experiment.of(Semantics.PAPER, "corpus=" + CorpusStore.DICKENS);

    @TempDir
    Path folder;

    private final Map<Integer, List<Status>> told = new TreeMap<>();
    private WorkerJvm start;

    @BeforeEach
    void start() throws IOException {
        Files.createDirectories(folder.resolve("sweep"));
        start = WorkerJvm.of(
                FakeWorker.class.getName(), System.getProperty("java.class.path"), folder.resolve("cache"));
    }

    private LocalLauncher launcher(int jobs, long available) {
        return new LocalLauncher(start, folder, jobs, 1, () -> OptionalLong.of(available));
    }

    /** Runs whose processes behave as their labels say. */
    private List<SweepRun> runs(String... labels) throws IOException {
        List<SweepRun> runs = new ArrayList<>();
        for (String label : labels) {
            int number = runs.size() + 1;
            SweepFolder sweep = new SweepFolder(folder.resolve("sweep"));
            sweep.write(new RunPlan(
                    number, "id" + number, label, false, "", "", "", Map.of(), "auto", "cpu", 1, "make", Map.of()));
            runs.add(new SweepRun(number, "", EXPERIMENT, "", Map.of(), Map.of()));
        }
        return runs;
    }

    private void run(LocalLauncher launcher, List<SweepRun> runs, Runnable atEachChange) throws Exception {
        launcher.run(new SweepFolder(folder.resolve("sweep")), runs, (run, status) -> {
            told.computeIfAbsent(run.number(), number -> new ArrayList<>()).add(status);
            atEachChange.run();
        });
    }

    /** Runs a process that does not obey, and acts once the process has begun. */
    private void runDeaf(LocalLauncher launcher, Runnable action) throws Exception {
        Thread actor = new Thread(() -> {
            while (!Files.exists(folder.resolve("sweep/1.deaf"))) {
                Thread.onSpinWait();
            }
            action.run();
        });
        actor.start();
        run(launcher, runs("deaf"), () -> {});
        actor.join();
    }

    private Status last(int number) {
        List<Status> states = told.get(number);
        return states.get(states.size() - 1);
    }

    private long count(Class<? extends Status> kind) {
        return told.keySet().stream()
                .filter(number -> kind.isInstance(last(number)))
                .count();
    }

    @Test
    void noMoreAtATimeThanJobsAndOneFailureLeavesTheOthersAlone() throws Exception {
        List<Long> runningAtOnce = new ArrayList<>();
        run(
                launcher(2, PLENTY),
                runs("works", "fails", "crashes", "works", "works"),
                () -> runningAtOnce.add(count(Running.class)));
        assertThat(runningAtOnce).contains(2L).allMatch(count -> count <= 2);
        for (int number : List.of(1, 4, 5)) {
            assertThat(last(number)).isEqualTo(new Done(2.5, 0.3));
        }
        assertThat(last(2)).isEqualTo(new Failed("training diverged", false));
        assertThat(last(3))
                .isInstanceOfSatisfying(
                        Failed.class,
                        failed -> assertThat(failed.reason())
                                .startsWith("ended with exit code 3 after step 1: no libtorch for this processor (")
                                .endsWith("3.log)"));
        assertThat(folder.resolve("sweep/2.log")).hasContent("some library says at 1 2");
        // The first that was done has left its classes for those after it.
        assertThat(start.hasArchive()).isTrue();
        try (Stream<Path> files = Files.walk(folder.resolve("cache"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".part"))).isEmpty();
        }
        assertThat(start.command(List.of())).anyMatch(option -> option.startsWith("-XX:SharedArchiveFile="));
        told.clear();
        run(launcher(1, PLENTY), runs("works"), () -> {});
        assertThat(last(1)).isEqualTo(new Done(2.5, 0.3));
    }

    @Test
    void aStopEndsInOrderWhatRunsAndDoesNotBeginWhatWaits() throws Exception {
        LocalLauncher launcher = launcher(2, PLENTY);
        run(launcher, runs("obeys", "obeys", "works"), () -> {
            if (told.size() == 2 && told.values().stream().allMatch(states -> states.size() == 2)) {
                launcher.stop();
            }
        });
        assertThat(last(1)).isEqualTo(new Stopped(1));
        assertThat(last(2)).isEqualTo(new Stopped(1));
        assertThat(told.get(3)).containsExactly(new Stopped(0));
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGKILL")
    void onceMoreEndsAtOnceWhatDoesNotObey() throws Exception {
        LocalLauncher launcher = launcher(1, PLENTY);
        runDeaf(launcher, () -> {
            launcher.stop();
            launcher.kill();
        });
        assertThat(last(1)).isEqualTo(new Stopped(0));
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGKILL")
    void aKilledProcessIsReportedAsKilled() throws Exception {
        // Such as the browser, which other tests share.
        Set<ProcessHandle> others = ProcessHandle.current().descendants().collect(Collectors.toSet());
        runDeaf(
                launcher(1, PLENTY),
                () -> ProcessHandle.current()
                        .descendants()
                        .filter(child -> !others.contains(child))
                        .forEach(ProcessHandle::destroyForcibly));
        assertThat(last(1)).isInstanceOfSatisfying(Failed.class, failed -> {
            assertThat(failed.isKilled()).isTrue();
            assertThat(failed.reason()).startsWith("killed (SIGKILL) after step 1");
        });
    }

    @Test
    @DisabledOnOs(
            value = {OS.WINDOWS, OS.MAC},
            disabledReason = "memory of a process is known on Linux")
    void aRunThatDoesNotFitIntoMemoryWaits() throws Exception {
        Set<Long> runningAtOnce = new HashSet<>();
        // What one takes is seen while the first runs; from then on there is never room for a second.
        run(
                launcher(2, 1_000_000),
                runs("works", "works", "works", "works"),
                () -> runningAtOnce.add(told.size() < 3 ? 0 : count(Running.class)));
        assertThat(count(Done.class)).isEqualTo(4);
        assertThat(told.get(3)).contains(new Waiting("memory"));
        assertThat(runningAtOnce).doesNotContain(2L).contains(1L);
    }

    /**
     * A run needs the peak of its setting, or of any setting, and a tenth more; what running processes may still take,
     * which do not use their peak at first, is reserved.
     */
    @ParameterizedTest
    @CsvSource({
        "600, small, 600, true",
        "600, large, 600, false",
        "600, new, 600, false",
        "700, large, 600, true",
        "1100, large, 600, true",
        "1100, large, 100, false"
    })
    void aRunFitsIntoWhatIsLeftOfMemory(long available, String setting, long usedByLarge, boolean fits) {
        MemoryWatch watch = new MemoryWatch(() -> OptionalLong.of(available));
        watch.saw("small", OptionalLong.of(100));
        watch.saw("large", OptionalLong.of(600));
        watch.saw("large", OptionalLong.of(500));
        watch.saw("large", OptionalLong.empty());
        assertThat(watch.fits(setting, List.of(new MemoryWatch.Usage("large", usedByLarge))))
                .isEqualTo(fits);
    }

    @Test
    void withoutKnowledgeARunFits() {
        assertThat(new MemoryWatch(() -> OptionalLong.of(1)).fits("a", List.of()))
                .isTrue();
        MemoryWatch elsewhere = new MemoryWatch(OptionalLong::empty);
        elsewhere.saw("a", OptionalLong.of(600));
        assertThat(elsewhere.fits("a", List.of())).isTrue();
    }
}
