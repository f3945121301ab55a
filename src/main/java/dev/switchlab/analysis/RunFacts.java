package dev.switchlab.analysis;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.provenance.Promise;
import dev.switchlab.runs.Run;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The parts of a report that identify a run and its origin. */
record RunFacts(Run run, HtmlPage page) {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    /** A run's description: that of its experiment, and the command that repeats the run. */
    private static final Pattern NOTE = Pattern.compile("(?s)(.*?)\\s*Reproduce it:\\s*```sh\\s*(.*?)\\s*```\\s*");

    /** The run and its last metrics. */
    void summary() {
        note().map(note -> note.group(1)).filter(about -> !about.isBlank()).ifPresent(page::text);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("run", run.runId());
        facts.put("experiment", run.experiment());
        facts.put("status", run.status().toLowerCase(Locale.ROOT));
        facts.put("started", TIME.format(run.start()));
        run.end().ifPresent(end -> facts.put("took", shown(Duration.between(run.start(), end))));
        Stream.concat(Comparison.METRICS.stream(), Stream.of(MetricNames.BEST_CROSS_ENTROPY))
                .filter(run.metrics()::containsKey)
                .forEach(metric -> facts.put(metric, HtmlPage.number(run.metric(metric))));
        page.pairs(facts);
    }

    /** What a repetition needs, and the digests that verify its result. */
    void provenance() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("command", note().map(note -> note.group(2)).orElse(""));
        facts.put("compare with a repetition", "make reproduce RUN=" + run.shortId());
        facts.put("promise", promise(tags("switchlab.promise")));
        facts.put("seed", run.params().getOrDefault("seed", ""));
        facts.put("experiment file", tags("mlflow.source.name"));
        facts.put("commit", commit());
        facts.put("corpus", tags("switchlab.corpus", "switchlab.corpus_sha256"));
        facts.put("weights (SHA-256)", tags("switchlab.weights_sha256"));
        facts.put("metrics (SHA-256)", tags("switchlab.metrics_sha256"));
        facts.put("device", tags("switchlab.device", "switchlab.gpu", "switchlab.cpu", "switchlab.kernels"));
        facts.put("threads", tags("switchlab.threads"));
        facts.put("ranks", tags("switchlab.ranks"));
        facts.put("SwitchLab", tags("switchlab.version"));
        facts.put("libtorch", tags("switchlab.libtorch"));
        facts.put("JDK", tags("switchlab.jdk"));
        facts.values().removeIf(String::isEmpty);
        page.heading("Provenance").pairs(facts);
        page.folded("All parameters", false, () -> page.pairs(new TreeMap<>(run.params())));
        page.folded("All tags", false, () -> page.pairs(new TreeMap<>(run.tags())));
    }

    private Optional<Matcher> note() {
        return Optional.of(NOTE.matcher(tags("mlflow.note.content"))).filter(Matcher::matches);
    }

    /** The distinct values of some tags, with commas between; empty if the run has none. */
    private String tags(String... names) {
        return Stream.of(names)
                .map(run.tags()::get)
                .filter(Objects::nonNull)
                .distinct()
                .collect(Collectors.joining(", "));
    }

    /** The commit, and whether the working tree had other changes. */
    private String commit() {
        String commit = tags("mlflow.source.git.commit");
        String dirty = tags("switchlab.dirty");
        return commit.isEmpty()
                ? ""
                : commit
                        + switch (dirty) {
                            case "false" -> "";
                            case "true" -> " with changes that were not committed";
                            case "" -> ", and it is not known whether with changes";
                            default -> " (" + dirty + ")";
                        };
    }

    /** A promise in words; the name itself for one of another version. */
    private static String promise(String name) {
        return Stream.of(Promise.values())
                .filter(promise -> promise.name().equalsIgnoreCase(name))
                .map(promise -> name + ": " + promise.text())
                .findFirst()
                .orElse(name);
    }

    /** Such as {@code 2.5 s}, {@code 3 min 5 s} or {@code 1 h 20 min}. */
    static String shown(Duration time) {
        return time.toHours() > 0
                ? String.format(Locale.ROOT, "%d h %d min", time.toHours(), time.toMinutesPart())
                : time.toMinutes() > 0
                        ? String.format(Locale.ROOT, "%d min %d s", time.toMinutes(), time.toSecondsPart())
                        : String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1000.0);
    }
}
