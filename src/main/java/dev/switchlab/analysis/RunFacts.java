package dev.switchlab.analysis;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.provenance.Promise;
import dev.switchlab.runs.Run;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The parts of a report that say which run it is, and where it comes from. */
record RunFacts(Run run, HtmlPage page) {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    /** The run's description is the experiment's and the command that repeats it. */
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
        for (String metric : Comparison.METRICS) {
            if (run.metrics().containsKey(metric)) {
                facts.put(metric, HtmlPage.number(run.metrics().get(metric)));
            }
        }
        Optional.ofNullable(run.metrics().get(MetricNames.BEST_CROSS_ENTROPY))
                .ifPresent(best -> facts.put(MetricNames.BEST_CROSS_ENTROPY, HtmlPage.number(best)));
        page.pairs(facts);
    }

    /** What is needed to come to the same result, and the digests that tell whether one has. */
    void provenance() {
        Map<String, String> facts = new LinkedHashMap<>();
        note().ifPresent(note -> facts.put("command", note.group(2)));
        facts.put("compare with a repetition", "make reproduce RUN=" + run.shortId());
        put(facts, "promise", tag("switchlab.promise").map(RunFacts::promise));
        put(facts, "seed", Optional.ofNullable(run.params().get("seed")));
        put(facts, "experiment file", tag("mlflow.source.name"));
        put(facts, "commit", tag("mlflow.source.git.commit").map(commit -> commit + dirt()));
        put(facts, "corpus", joined("switchlab.corpus", "switchlab.corpus_sha256"));
        put(facts, "weights (SHA-256)", tag("switchlab.weights_sha256"));
        put(facts, "metrics (SHA-256)", tag("switchlab.metrics_sha256"));
        put(facts, "device", joined("switchlab.device", "switchlab.gpu", "switchlab.cpu", "switchlab.kernels"));
        put(facts, "threads", tag("switchlab.threads"));
        put(facts, "ranks", tag("switchlab.ranks"));
        put(facts, "SwitchLab", tag("switchlab.version"));
        put(facts, "libtorch", tag("switchlab.libtorch"));
        put(facts, "JDK", tag("switchlab.jdk"));
        page.heading("Provenance").pairs(facts);
        page.folded("All parameters", false, () -> page.pairs(new TreeMap<>(run.params())));
        page.folded("All tags", false, () -> page.pairs(new TreeMap<>(run.tags())));
    }

    private Optional<Matcher> note() {
        return tag("mlflow.note.content").map(NOTE::matcher).filter(Matcher::matches);
    }

    private Optional<String> tag(String name) {
        return Optional.ofNullable(run.tags().get(name));
    }

    private Optional<String> joined(String... tags) {
        return Optional.of(Arrays.stream(tags)
                        .map(this::tag)
                        .flatMap(Optional::stream)
                        .distinct()
                        .collect(Collectors.joining(", ")))
                .filter(text -> !text.isEmpty());
    }

    /** What is known of changes that the commit does not hold. */
    private String dirt() {
        return switch (run.tags().getOrDefault("switchlab.dirty", "")) {
            case "false" -> "";
            case "true" -> " with changes that were not committed";
            case "" -> ", and it is not known whether with changes";
            default -> " (" + run.tags().get("switchlab.dirty") + ")";
        };
    }

    private static void put(Map<String, String> facts, String name, Optional<String> value) {
        value.ifPresent(text -> facts.put(name, text));
    }

    /** In words; as it is if another version wrote it. */
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
