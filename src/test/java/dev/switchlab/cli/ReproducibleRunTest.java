package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.testing.Seeded;
import dev.switchlab.train.RoutingSnapshot;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands as processes of their own, on the embedded store: killed and resumed, reproduced, and reproduced after
 * an edit.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGKILL")
@Tag("slow")
class ReproducibleRunTest {

    private static final int KILLED = 128 + 9;
    private static final String SETTINGS = "train.steps=150 train.log_every=4 train.eval_every=50 train.eval_batches=1"
            + " train.checkpoint_every=5 train.sample_every=75 train.sample_length=5 train.batch_size=8"
            + " model.dropout=0.1 train_fraction=0.99";

    @TempDir
    Path folder;

    private Commands commands;

    @Test
    void killedResumedReproducedEdited(@Seeded(3) long seed) throws Exception {
        commands = new Commands(folder);
        assertThat(commands.run("train", "--experiment", "smoke", "--set", SETTINGS))
                .isZero();
        String whole = newest().runId();

        SplittableRandom random = new SplittableRandom(seed);
        killAfterACheckpoint(random, "train", "--experiment", "smoke", "--set", SETTINGS);
        String cut = newest().runId();
        assertThat(cut).isNotEqualTo(whole);
        killAfterACheckpoint(random, "resume", "--run", cut);
        assertThat(commands.run("resume")).as(commands.output()).isZero();
        assertThat(commands.output()).contains("continuing from the checkpoint of step");

        try (MirroredBook store = commands.store()) {
            assertThat(points(store, cut)).isEqualTo(points(store, whole));
            // Before the first step, after 8, 16 and 32, and at the evaluations after 50, 100 and 150.
            assertThat(routing(store, cut)).hasSize(7).isEqualTo(routing(store, whole));
            Map<String, String> tags = store.find(cut).tags();
            assertThat(tags)
                    .containsEntry(
                            "switchlab.weights_sha256", store.find(whole).tags().get("switchlab.weights_sha256"))
                    .containsEntry(
                            "switchlab.metrics_sha256", store.find(whole).tags().get("switchlab.metrics_sha256"));
            assertThat(store.find(cut).status()).isEqualTo("FINISHED");
        }
        assertThat(commands.run("resume", "--run", cut)).isEqualTo(1);
        assertThat(commands.output()).contains("is finished");

        // What is measured later is kept beside it, once however often, and is no part of what is reproduced.
        for (int i = 0; i < 2; i++) {
            assertThat(commands.run("evaluate", "--run", cut, "--stride", "16"))
                    .as(commands.output())
                    .isZero();
        }
        try (MirroredBook store = commands.store()) {
            Map<String, Double> metrics = store.find(cut).metrics();
            assertThat(metrics.get("evaluate/stride16/cross_entropy"))
                    .isPositive()
                    .isNotEqualTo(metrics.get("final/cross_entropy"));
            assertThat(store.book().history(cut, "evaluate/stride16/cross_entropy"))
                    .hasSize(1);
            assertThat(metrics.get("final/cross_entropy"))
                    .isEqualTo(store.find(whole).metrics().get("final/cross_entropy"));
        }
        assertThat(commands.run("reproduce", "--run", cut))
                .as(commands.output())
                .isZero();
        assertThat(commands.output()).endsWith("- equal bits were promised\n\nIDENTICAL\n");
        assertThat(newest().tags())
                .containsEntry("switchlab.reproduces", cut)
                .containsEntry("switchlab.verdict", "IDENTICAL");

        edit(whole, "\"learning_rate\" : 0.005", "\"learning_rate\" : 0.006");
        assertThat(commands.run("reproduce", "--run", whole)).isEqualTo(4);
        assertThat(commands.output())
                .contains(
                        "first difference: step 1, train/learning_rate: 2.5E-4, then 3.0000000000000003E-4",
                        "first out of tolerance: step 1, train/learning_rate",
                        "train.learning_rate: 0.005, then 0.006")
                .endsWith("DIFFERENT\n");
        assertThat(commands.artifact(newest().runId(), "reproduction.md")).endsWith("DIFFERENT\n");
    }

    /** Starts a process and kills it as soon as it has saved a checkpoint, or up to 0.3 s later. */
    private void killAfterACheckpoint(SplittableRandom random, String... arguments) throws Exception {
        Set<Path> before = checkpoints();
        Process process = commands.start(arguments);
        commands.await(process, () -> !before.containsAll(checkpoints()));
        Thread.sleep(random.nextInt(300));
        process.destroyForcibly();
        assertThat(commands.end(process)).as(commands.output()).isEqualTo(KILLED);
    }

    private Set<Path> checkpoints() throws IOException {
        Path checkpoints = Files.createDirectories(commands.runs().resolve("checkpoints"));
        Set<Path> found = new HashSet<>();
        try (DirectoryStream<Path> ofRuns = Files.newDirectoryStream(checkpoints)) {
            for (Path run : ofRuns) {
                try (DirectoryStream<Path> files = Files.newDirectoryStream(run, "step-*.safetensors")) {
                    files.forEach(found::add);
                }
            }
        }
        return found;
    }

    private void edit(String runId, String from, String to) throws IOException {
        Path file = commands.artifactFile(runId, "provenance.json");
        String text = Files.readString(file);
        assertThat(text).contains(from);
        Files.writeString(file, text.replace(from, to));
    }

    private Run newest() {
        try (MirroredBook store = commands.store()) {
            return store.book().runs(Optional.empty(), 1).get(0);
        }
    }

    /** Everything that is not a timing; fails where a step is there twice. */
    private static Map<String, SortedMap<Long, Double>> points(MirroredBook store, String runId) {
        List<String> metrics = store.find(runId).metrics().keySet().stream()
                .filter(metric -> !MetricNames.isTiming(metric))
                .toList();
        return dev.switchlab.session.RepeatedRun.points(store, runId, metrics);
    }

    /** The routing of the fixed text, by path. */
    private Map<String, String> routing(MirroredBook store, String runId) throws IOException {
        Map<String, String> routing = new TreeMap<>();
        for (String path : store.book().artifacts(runId).list()) {
            if (RoutingSnapshot.step(path).isPresent()) {
                routing.put(path, commands.artifact(runId, path));
            }
        }
        return routing;
    }
}
