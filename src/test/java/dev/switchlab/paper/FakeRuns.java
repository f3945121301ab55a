package dev.switchlab.paper;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.analysis.Setting;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import dev.switchlab.sweep.SweepRun;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Variants with finished runs made by hand, in the order made. */
final class FakeRuns implements RunSource {

    private final Map<String, List<MetricPoint>> histories = new HashMap<>();
    private final Map<String, Map<String, String>> texts = new HashMap<>();
    private final Map<String, SweepRun> firstRuns = new HashMap<>();

    /** A variant whose runs, with the seeds 1, 2, ..., have these scores and take ten seconds each. */
    Setting variant(String name, String settings, double... scores) {
        Experiment experiment =
                Experiment.of(Semantics.PAPER, settings + " train.batch_size=16 train.seq_len=64 train.steps=1500");
        List<Run> runs = new ArrayList<>();
        for (int seed = 1; seed <= scores.length; seed++) {
            String id = String.format("%032x", (name + settings + seed).hashCode() & 0xffffffffL);
            Map<String, String> params = new HashMap<>(experiment.toParams());
            params.put("seed", Integer.toString(seed));
            params.put("corpus.sha256", "0123456789abcdef0123");
            runs.add(new Run(
                    new StringBuilder(id).reverse().toString(),
                    1,
                    "paper",
                    "a run",
                    "FINISHED",
                    Instant.EPOCH.plusSeconds(10L * seed),
                    Optional.of(Instant.EPOCH.plusSeconds(10L * seed + 10)),
                    params,
                    Map.of(
                            "switchlab.cpu", "a processor",
                            "mlflow.source.git.commit", "abcdef0123456789",
                            "switchlab.dirty", "false"),
                    new HashMap<>(Map.of("final/cross_entropy", scores[seed - 1]))));
        }
        firstRuns.put(
                name, new SweepRun(1, "paper", experiment, name, Map.of("corpus", "/a/place"), settings(settings)));
        return Setting.of(0, name, runs);
    }

    /** The answer to a question, its variants lettered in this order. */
    Answer answer(Question question, int missing, Setting... variants) {
        List<Setting> lettered = new ArrayList<>();
        Map<String, SweepRun> byLetter = new HashMap<>();
        for (Setting variant : variants) {
            Setting own = Setting.of(lettered.size(), variant.name(), variant.runs());
            lettered.add(own);
            byLetter.put(own.letter(), firstRuns.get(variant.name()));
        }
        Comparison comparison = Comparison.of(this, lettered, question.baseline(), question.against());
        return new Answer(question, comparison, byLetter, missing, 1);
    }

    private static Map<String, String> settings(String text) {
        Map<String, String> settings = new HashMap<>();
        for (String assignment : text.split(" ", -1)) {
            settings.put(
                    assignment.substring(0, assignment.indexOf('=')),
                    assignment.substring(assignment.indexOf('=') + 1));
        }
        return settings;
    }

    /** The history of a metric in all runs of a variant. */
    FakeRuns history(Setting variant, String metric, double... values) {
        List<MetricPoint> points = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            points.add(new MetricPoint(i, i, values[i]));
        }
        for (Run run : variant.runs()) {
            histories.put(run.runId() + " " + metric, points);
            run.metrics().put(metric, values[values.length - 1]);
        }
        return this;
    }

    /** A text that all runs of a variant kept. */
    FakeRuns text(Setting variant, String path, String text) {
        variant.runs()
                .forEach(run -> texts.computeIfAbsent(run.runId(), id -> new TreeMap<>())
                        .put(path, text));
        return this;
    }

    @Override
    public List<Run> experiment(String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Run find(String idOrName) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Run> children(String runId) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<MetricPoint> history(String runId, String metric) {
        return histories.getOrDefault(runId + " " + metric, List.of());
    }

    @Override
    public List<String> artifacts(String runId) {
        return List.copyOf(texts.getOrDefault(runId, Map.of()).keySet());
    }

    @Override
    public String text(String runId, String artifactPath) {
        return texts.get(runId).get(artifactPath);
    }
}
