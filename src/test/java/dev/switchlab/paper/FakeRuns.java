package dev.switchlab.paper;

import com.google.common.base.Splitter;
import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.Fakes;
import dev.switchlab.analysis.Setting;
import dev.switchlab.data.Corpus;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.runs.Run;
import dev.switchlab.sweep.SweepRun;
import dev.switchlab.train.RoutingSnapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Variants with finished runs made by hand, in the order made. */
final class FakeRuns extends Fakes {

    private static final Corpus TEXT = new Corpus("it", "0123456789abcdef0123", "a text");

    private final Map<String, SweepRun> firstRuns = new HashMap<>();

    /** A variant whose runs, with the seeds 1, 2, ..., have these scores and take ten seconds each. */
    Setting variant(String name, String settings, double... scores) {
        Experiment experiment =
                Experiment.of(Semantics.PAPER, settings + " train.batch_size=16 train.seq_len=64 train.steps=1500");
        List<Run> runs = new ArrayList<>();
        for (int seed = 1; seed <= scores.length; seed++) {
            String hash = String.format("%032x", (name + settings + seed).hashCode() & 0xffffffffL);
            String id = new StringBuilder(hash).reverse().toString();
            Map<String, String> params = new HashMap<>(experiment.toParams());
            params.put("seed", Integer.toString(seed));
            params.put("corpus.sha256", "0123456789abcdef0123");
            run(id, "paper", params);
            end(id, "FINISHED", 10);
            tag(id, "switchlab.cpu", "a processor");
            tag(id, "mlflow.source.git.commit", "abcdef0123456789");
            tag(id, "switchlab.dirty", "false");
            metric(id, "final/cross_entropy", scores[seed - 1]);
            runs.add(find(id));
        }
        Map<String, String> overrides =
                Splitter.on(' ').withKeyValueSeparator('=').split(settings);
        Map<String, String> common = overrides.containsKey("corpus") ? Map.of() : Map.of("corpus", "/a/place");
        firstRuns.put(name, new SweepRun(1, "paper", experiment, name, common, overrides));
        return Setting.of(0, name, runs);
    }

    /** The answer to a question, its variants lettered in this order, by way of the file that records runs. */
    Answer answer(Question question, int missing, Setting... variants) {
        Measures measures = new Measures(this, run -> Path.of("none"));
        RecordedRuns recorded = new RecordedRuns();
        for (Setting variant : variants) {
            variant.runs().forEach(run -> recorded.add(seed(variant, run), TEXT.sha256(), run, measures));
        }
        RecordedRuns read = writtenAndRead(recorded);
        List<Setting> lettered = new ArrayList<>();
        Map<String, SweepRun> byLetter = new HashMap<>();
        for (Setting variant : variants) {
            List<Run> runs = variant.runs().stream()
                    .flatMap(run -> read.find(seed(variant, run), TEXT.sha256()).stream())
                    .toList();
            Setting own = Setting.of(lettered.size(), variant.name(), runs);
            lettered.add(own);
            byLetter.put(own.letter(), firstRuns.get(variant.name()));
        }
        Comparison comparison =
                Comparison.of(this, lettered, question.baseline(), question.against(), question.margin());
        return new Answer(question, comparison, byLetter, missing, 1);
    }

    private static RecordedRuns writtenAndRead(RecordedRuns recorded) {
        try {
            Path file = Files.createTempFile("runs", ".csv");
            recorded.write(file);
            RecordedRuns read = RecordedRuns.read(file);
            Files.delete(file);
            return read;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private SweepRun seed(Setting variant, Run run) {
        SweepRun first = firstRuns.get(variant.name());
        return new SweepRun(
                1,
                "paper",
                first.experiment().with("seed=" + run.params().get("seed")),
                first.variant(),
                first.common(),
                first.overrides());
    }

    /** The history of a metric in all runs of a variant. */
    FakeRuns history(Setting variant, String metric, double... values) {
        variant.runs().forEach(run -> metric(run.runId(), metric, values));
        return this;
    }

    /** The routing at a step of all runs of a variant. */
    FakeRuns routing(Setting variant, RoutingSnapshot routing) {
        variant.runs().forEach(run -> routing(run.runId(), routing));
        return this;
    }
}
