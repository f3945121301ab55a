package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.sweep.ChildState.Done;
import dev.switchlab.sweep.ChildState.Failed;
import dev.switchlab.sweep.ChildState.Running;
import dev.switchlab.sweep.ChildState.Stopped;
import dev.switchlab.sweep.ChildState.Waiting;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Processes that only seem to train. */
@Timeout(120)
class LocalLauncherTest {

    private static final long PLENTY = Long.MAX_VALUE / 2;

    @TempDir
    Path folder;

    private final Map<Integer, List<ChildState>> told = new TreeMap<>();
    private ChildStart start;

    @BeforeEach
    void start() throws IOException {
        Files.createDirectories(folder.resolve("sweep"));
        start = ChildStart.of(
                FakeChild.class.getName(), System.getProperty("java.class.path"), folder.resolve("cache"));
    }

    private LocalLauncher launcher(int jobs, long available) {
        return new LocalLauncher(start, folder, jobs, 1, () -> OptionalLong.of(available));
    }

    private List<ChildPlan> plans(String... labels) throws IOException {
        List<ChildPlan> plans = new ArrayList<>();
        for (String label : labels) {
            ChildPlan plan = new ChildPlan(
                    plans.size() + 1,
                    "id" + plans.size(),
                    label,
                    false,
                    "",
                    "",
                    "",
                    "auto",
                    "cpu",
                    1,
                    "make",
                    Map.of());
            plan.write(folder.resolve("sweep"));
            plans.add(plan);
        }
        return plans;
    }

    private void run(LocalLauncher launcher, List<ChildPlan> plans, Runnable atEachChange) throws Exception {
        launcher.run(folder.resolve("sweep"), plans, (plan, state) -> {
            told.computeIfAbsent(plan.number(), number -> new ArrayList<>()).add(state);
            atEachChange.run();
        });
    }

    private ChildState last(int number) {
        List<ChildState> states = told.get(number);
        return states.get(states.size() - 1);
    }

    private long count(Class<? extends ChildState> kind) {
        return told.keySet().stream()
                .filter(number -> kind.isInstance(last(number)))
                .count();
    }

    @Test
    void noMoreAtATimeThanJobsAndOneFailureLeavesTheOthersAlone() throws Exception {
        List<Long> runningAtOnce = new ArrayList<>();
        run(
                launcher(2, PLENTY),
                plans("works", "fails", "crashes", "works", "works"),
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
        run(launcher(1, PLENTY), plans("works"), () -> {});
        assertThat(last(1)).isEqualTo(new Done(2.5, 0.3));
    }

    @Test
    void aStopEndsInOrderWhatRunsAndDoesNotBeginWhatWaits() throws Exception {
        LocalLauncher launcher = launcher(2, PLENTY);
        run(launcher, plans("obeys", "obeys", "works"), () -> {
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
        Thread impatient = new Thread(() -> {
            try {
                while (!Files.exists(folder.resolve("sweep/1.deaf"))) {
                    Thread.sleep(20);
                }
                launcher.stop();
                Thread.sleep(200);
                launcher.kill();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        impatient.start();
        run(launcher, plans("deaf"), () -> {});
        impatient.join();
        assertThat(last(1)).isEqualTo(new Stopped(0));
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGKILL")
    void aChildThatWasKilledFromOutsideSaysSo() throws Exception {
        // Such as the browser, which other tests share.
        Set<ProcessHandle> others = ProcessHandle.current().descendants().collect(Collectors.toSet());
        Thread killer = new Thread(() -> {
            while (!Files.exists(folder.resolve("sweep/1.deaf"))) {
                Thread.onSpinWait();
            }
            ProcessHandle.current()
                    .descendants()
                    .filter(child -> !others.contains(child))
                    .forEach(ProcessHandle::destroyForcibly);
        });
        killer.start();
        run(launcher(1, PLENTY), plans("deaf"), () -> {});
        killer.join();
        assertThat(last(1)).isInstanceOfSatisfying(Failed.class, failed -> {
            assertThat(failed.isKilled()).isTrue();
            assertThat(failed.reason()).startsWith("killed (SIGKILL) after step 1");
        });
    }

    @Test
    @DisabledOnOs(
            value = {OS.WINDOWS, OS.MAC},
            disabledReason = "memory of a process is known on Linux")
    void aChildThatWouldNotFitWaits() throws Exception {
        Set<Long> runningAtOnce = new HashSet<>();
        // What one takes is seen while the first runs; from then on there is never room for a second.
        run(
                launcher(2, 1_000_000),
                plans("works", "works", "works", "works"),
                () -> runningAtOnce.add(told.size() < 3 ? 0 : count(Running.class)));
        assertThat(count(Done.class)).isEqualTo(4);
        assertThat(told.get(3)).contains(new Waiting("memory"));
        assertThat(runningAtOnce).doesNotContain(2L).contains(1L);
    }
}
