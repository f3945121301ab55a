package dev.switchlab.analysis;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.io.WholeFile;
import dev.switchlab.page.HtmlPage;
import dev.switchlab.page.Markup;
import dev.switchlab.provenance.Promise;
import dev.switchlab.runs.Run;
import dev.switchlab.train.RoutingTrace;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tech.tablesaw.api.Table;

/**
 * One run as one self-contained HTML page: losses, experts over time, the routing of a text, the sample, the
 * provenance.
 */
public final class RunReport {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    /** A run's description: that of its experiment, and the command that repeats the run. */
    private static final Pattern NOTE = Pattern.compile("(?s)(.*?)\\s*Reproduce it:\\s*```sh\\s*(.*?)\\s*```\\s*");

    private final Run run;
    private final RunTables tables;
    private final RouterSaturation saturation;
    private final RoutingTrace trace;
    private final HtmlPage page;

    /**
     * @param trace its model's routing of a text
     * @param similarity the {@link ExpertSimilarity} of its model
     * @param sample text that its model generated
     */
    public RunReport(Run run, RunSource source, RoutingTrace trace, Table similarity, Optional<String> sample) {
        this.run = run;
        this.tables = new RunTables(source);
        this.saturation = RouterSaturation.of(source, run);
        this.trace = trace;
        this.page = new HtmlPage(run.title());
        summary();
        losses();
        if (isDense()) {
            page.heading("Experts").text("This model is dense: it has no router and no experts.");
        } else {
            experts();
            saturation();
            new RoutingSections(trace, similarity, page).write();
        }
        sample.ifPresent(this::sample);
        provenance();
    }

    /**
     * Writes the page to {@code file}, whole or not at all.
     *
     * @return its figures as SVG drawings that stand alone, by slug, such as "losses"
     */
    public Map<String, String> write(Path file) throws IOException {
        WholeFile.write(file, page.render());
        return page.pictures();
    }

    /** Artifacts and tags for MLflow's own pages; none for a dense model. */
    public MlflowArtifacts forMlflow() {
        return isDense()
                ? new MlflowArtifacts(Map.of(), Map.of())
                : MlflowArtifacts.of(run.runId(), run.start(), saturation.loads(), trace);
    }

    private boolean isDense() {
        return trace.layers().isEmpty();
    }

    private void summary() {
        note().map(note -> note.group(1)).filter(about -> !about.isBlank()).ifPresent(page::text);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("experiment", run.experiment());
        facts.put("corpus", Path.of(param("corpus.name", "%s")).getFileName().toString());
        facts.put(
                "model",
                param("model.n_layers", "%s layers")
                        + param("model.d_model", " of width %s")
                        + (isDense()
                                ? ", dense"
                                : param("model.n_experts", ", %s experts")
                                        + param("model.top_k", ", %s per token")
                                        + param("model.capacity_factor", ", capacity factor %s")));
        facts.put(
                "training",
                param("train.steps", "%s steps")
                        + ("1".equals(run.params().get("train.accumulate"))
                                ? ""
                                : param("train.accumulate", " of %s batches"))
                        + param("train.batch_size", " of %s windows")
                        + param("train.seq_len", " of %s " + token() + "s")
                        + param("train.learning_rate", ", learning rate %s")
                        + param("seed", ", seed %s"));
        facts.put(
                "began with",
                param("init_from.run", "%s")
                        + ("non_expert".equals(run.params().get("init_parts")) ? ", no experts" : ""));
        facts.put("teacher", param("train.teacher.run", "%s") + teacherWeight());
        facts.put("device", facts("device", "gpu", "cpu"));
        facts.put("threads", facts("threads") + param("ranks", " on each of %s ranks"));
        facts.put("started", TIME.format(run.start()));
        run.end().ifPresent(end -> facts.put("took", shown(Duration.ofMillis(Math.round(1e3 * run.seconds())))));
        facts.put("status", run.status().toLowerCase(Locale.ROOT));
        boolean isWhole = run.metrics().containsKey(MetricNames.FINAL_TRAIN_CROSS_ENTROPY);
        score(
                facts,
                "training loss",
                Comparison.trainingLoss(run),
                " " + unit() + ", " + (isWhole ? "mean of the last ten steps" : "of the last step"));
        score(facts, "validation loss", run.metric(Comparison.FINAL_SCORE), " " + unit() + ", on the whole split");
        score(
                facts,
                "bits per byte",
                run.metric(MetricNames.FINAL + MetricNames.BITS_PER_BYTE),
                " of the validation split");
        score(facts, "best on a sample", run.metric(MetricNames.BEST_CROSS_ENTROPY), " " + unit());
        double right = run.metric(MetricNames.FINAL + MetricNames.ACCURACY);
        facts.put(
                token() + "s right",
                Double.isNaN(right) ? "" : String.format(Locale.ROOT, "%.1f %% of the validation split", 100 * right));
        score(facts, "speed", run.metric(MetricNames.TRAIN_TOKENS_PER_SECOND), " " + token() + "s per second");
        facts.put("run", run.runId());
        facts.values().removeIf(String::isBlank);
        page.pairs(facts);
        page.folded("All settings", false, () -> page.pairs(new TreeMap<>(run.params())));
    }

    private static void score(Map<String, String> facts, String name, double value, String unit) {
        facts.put(name, Double.isNaN(value) ? "" : HtmlPage.number(value) + unit);
    }

    private String teacherWeight() {
        return run.params().containsKey("train.teacher.run") ? param("train.teacher_weight", ", weight %s") : "";
    }

    /** A parameter in words; empty if the run lacks it. */
    private String param(String name, String words) {
        String value = run.params().getOrDefault(name, "");
        return value.isEmpty() ? "" : words.formatted(value);
    }

    /** What a repetition needs, and the digests that verify its result. */
    private void provenance() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("command", note().map(note -> note.group(2)).orElse(""));
        facts.put("compare with a repetition", "make reproduce RUN=" + run.shortId());
        facts.put("promise", promise(tags("switchlab.promise")));
        facts.put("seed", run.params().getOrDefault("seed", ""));
        facts.put("experiment file", tags("mlflow.source.name"));
        facts.put("commit", commit());
        facts.put("corpus", facts("corpus.name", "corpus.sha256"));
        facts.put("weights (SHA-256)", tags("switchlab.weights_sha256"));
        facts.put("metrics (SHA-256)", tags("switchlab.metrics_sha256"));
        facts.put("kernels", tags("switchlab.kernels"));
        facts.put("SwitchLab", tags("switchlab.version"));
        facts.put("libtorch", tags("switchlab.libtorch"));
        facts.put("JDK", tags("switchlab.jdk"));
        facts.values().removeIf(String::isEmpty);
        page.heading("Provenance").pairs(facts);
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

    /** The distinct values of some facts, with commas between. */
    private String facts(String... names) {
        return Stream.of(names)
                .map(run::fact)
                .filter(fact -> !fact.isEmpty())
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

    private void sample(String text) {
        String prompt = run.params().getOrDefault("train.sample_prompt", "");
        int end = text.startsWith(prompt) ? prompt.length() : 0;
        page.heading("Sample");
        if (end > 0) {
            page.text("The prompt is bold; the model wrote the rest.");
        }
        page.raw(new Markup()
                .open("pre")
                .element("b", text.substring(0, end))
                .text(text.substring(end))
                .close()
                .text("\n")
                .toString());
    }

    /** A promise in words; the name itself if this version does not know the promise. */
    private static String promise(String name) {
        return Stream.of(Promise.values())
                .filter(promise -> promise.name().equalsIgnoreCase(name))
                .map(promise -> name + ": " + promise.text())
                .findFirst()
                .orElse(name);
    }

    /** What losses are. */
    private String unit() {
        return "nats per " + token();
    }

    private String token() {
        return Experiment.unit(run.params().getOrDefault("tokenizer", "characters"));
    }

    private void losses() {
        page.heading("Losses");
        metrics(
                "losses",
                Map.of(
                        MetricNames.TRAIN_CROSS_ENTROPY,
                        "training",
                        MetricNames.VALID + MetricNames.CROSS_ENTROPY,
                        "validation"),
                "Cross-entropy over training",
                unit(),
                "Cross-entropy by step: on the training batch of the step, and on batches of the validation text."
                        + " Lower is better; validation rising while training falls is overfitting.");
        if (!isDense()) { // a dense model's is 0 throughout
            metrics(
                    "load-balancing-loss",
                    Map.of(MetricNames.TRAIN_LOAD_BALANCE, "load balance"),
                    "Load-balancing loss over training",
                    "loss",
                    "Load-balancing loss, summed over layers: each layer adds 1 where its load is even and up to the"
                            + " number of experts where one expert takes all.");
        }
    }

    /** @param names of the lines, by metric */
    private void metrics(String slug, Map<String, String> names, String title, String unit, String caption) {
        Table histories = tables.histories(List.of(run), names::containsKey);
        if (!histories.isEmpty()) {
            page.figure(
                    slug,
                    TableCharts.bySteps(title, unit, histories, row -> names.get(row.getString("metric")), "value"),
                    caption);
        }
    }

    private void experts() {
        Table experts = tables.experts(run);
        Table layers = tables.layers(run);
        page.heading("Experts while training");
        if (experts.isEmpty() || layers.isEmpty()) {
            page.text("The run logged no expert statistics.");
            return;
        }
        overTime(
                experts,
                "load",
                "Load of each expert over training",
                "share of choices",
                "Load: share of the tokens' choices, top_k per token, that the router sends to each expert, before"
                        + " dropping. One row per expert, training from left to right. Even would be 1 over the"
                        + " number of experts; a bright row takes more than its share, a dark one is starving.");
        overTime(
                experts,
                "utilization",
                "Utilization of each expert's capacity over training",
                "kept / capacity",
                "Utilization: choices that each expert keeps, over its capacity. At 1 an expert is full, and further"
                        + " choices are dropped.");
        byLayer(
                "max-violation",
                layers,
                "max_violation",
                "Imbalance of the load over training",
                "max load / mean load - 1",
                "Imbalance: how far the fullest expert's load is above the mean. 0 is even; the number of experts"
                        + " less 1 is one expert that takes all.");
        byLayer(
                "dropped-share",
                layers,
                "dropped_fraction",
                "Dropped tokens over training",
                "share of choices",
                "Share of the tokens' choices that are dropped, because their expert was full. 0 throughout where"
                        + " dropping is off.");
        byLayer(
                "router-entropy",
                layers,
                "router_entropy",
                "Router entropy over training",
                "nats",
                "Router entropy, mean over tokens: 0 is a router that is sure, ln(number of experts) one that"
                        + " guesses.");
        byLayer(
                "router-confidence",
                layers,
                "confidence",
                "Router confidence over training",
                "probability",
                "Confidence: mean probability of the chosen expert, from 1 over the number of experts (a guess) to 1.");
    }

    /** A heat map: experts of all layers by step. */
    private void overTime(Table experts, String statistic, String title, String unit, String caption) {
        page.figure(
                statistic + "-over-time",
                TableCharts.heatMap(
                        title,
                        "step",
                        TableCharts.EXPERT_AXIS,
                        unit,
                        experts.sortAscendingOn("step", "layer", "expert"),
                        row -> Long.toString(row.getLong("step")),
                        TableCharts::expert,
                        statistic),
                caption);
    }

    private void byLayer(String slug, Table layers, String statistic, String title, String unit, String caption) {
        page.figure(slug, TableCharts.bySteps(title, unit, layers, TableCharts::layer, statistic), caption);
    }

    private void saturation() {
        page.heading("When routing settled");
        Table table = saturation.table();
        if (table.isEmpty()) {
            page.text(saturation.note() + ".");
            return;
        }
        byLayer(
                "router-saturation",
                table,
                "saturation",
                "Router saturation over training",
                "share of tokens",
                "Share of tokens that go to the same expert as at the end: " + saturation.note()
                        + ". Step 0 is the model before training; by chance alone it would be about "
                        + HtmlPage.number(table.doubleColumn("chance").mean()) + ".");
        byLayer(
                "routing-unchanged",
                table.where(table.doubleColumn("unchanged").isNotMissing()),
                "unchanged",
                "Routing that stays from one look to the next",
                "share of tokens",
                "Share of the tokens that go to the same expert as at the look before. Near 1, the experts keep their"
                        + " tokens.");
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
