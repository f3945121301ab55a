package dev.switchlab.sweep;

import dev.switchlab.experiment.LaterSettings;
import dev.switchlab.runs.Book;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.sweep.ResolvedSweep.Conditions;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Finished runs of a book: whether a run of a sweep is there already, whatever it was trained for, and how long a run
 * may take. Each experiment is read once.
 */
public final class PastRuns {

    /** Number of newest runs of an experiment that tell how long one takes. */
    private static final int RECENT = 200;

    private static final Set<String> NOT_TIMED = Set.of("seed", "device", "threads");

    /** Where a text was found; its digest tells which text it is. */
    private static final Set<String> PLACE_OF_TEXT =
            Set.of("corpus", "fallback_corpus", "corpus.name", "corpus.unigram_entropy");

    /** Which run a setting names was found by its name. */
    private static final Pattern ORIGIN = Pattern.compile("(init_from|train\\.teacher)\\.(run|sha256)");

    private final Book book;
    private final UnaryOperator<String> experimentName;
    private final Map<String, List<Run>> finished = new HashMap<>();
    private final Map<String, Map<Map<String, String>, Run>> bySettings = new HashMap<>();
    private final Map<String, List<Run>> timed = new HashMap<>();
    private final Map<String, OptionalDouble> seconds = new HashMap<>();

    /** Of a book on its own. */
    public PastRuns(Book book) {
        this(book, UnaryOperator.identity());
    }

    /** Of a book whose experiments may go by another name. */
    public PastRuns(MirroredBook store) {
        this(store.book(), store::experimentName);
    }

    private PastRuns(Book book, UnaryOperator<String> experimentName) {
        this.book = book;
        this.experimentName = experimentName;
    }

    /** Of an experiment, newest first, without summaries. */
    private List<Run> finished(String experiment) {
        return finished.computeIfAbsent(
                experiment,
                id -> book.runs(Optional.of(experimentName.apply(id)), Integer.MAX_VALUE).stream()
                        .filter(run -> run.isFinished())
                        .filter(run -> !run.isSummary())
                        .toList());
    }

    /**
     * The newest run with the settings, seed, text, device and threads of a run of a sweep.
     *
     * @param text sha256 of what the run is trained on
     * @param cpu of this machine: runs of another processor differ in their last digits and times
     */
    public Optional<Run> equal(SweepRun run, String text, Conditions conditions, String cpu) {
        Map<String, String> wanted = new HashMap<>(run.experiment().toParams());
        wanted.put("corpus.sha256", text);
        wanted.put("device", conditions.device());
        wanted.put("threads", Integer.toString(conditions.threads()));
        Map<Map<String, String>, Run> known =
                bySettings.computeIfAbsent(run.experiment().id(), experiment -> {
                    Map<Map<String, String>, Run> runs = new HashMap<>();
                    finished(experiment).stream()
                            .filter(past -> cpu.equals(past.tags().get("switchlab.cpu")))
                            .forEach(past -> runs.putIfAbsent(settings(past.params()), past));
                    return runs;
                });
        return Optional.ofNullable(known.get(settings(wanted)));
    }

    /** An older run lacks settings that were added later; it equals a new run that leaves them off. */
    private static Map<String, String> settings(Map<String, String> params) {
        Map<String, String> settings = LaterSettings.timeless(params);
        settings.keySet().removeAll(PLACE_OF_TEXT);
        settings.keySet().removeIf(key -> ORIGIN.matcher(key).matches());
        return settings;
    }

    /**
     * Seconds from begin to end that a run may take: the mean of runs of its setting, or else of its experiment, scaled
     * by the number of steps; empty without any.
     *
     * @param threads of the run
     */
    public OptionalDouble expectedSeconds(SweepRun run, int threads) {
        return seconds.computeIfAbsent(run.row() + " THREADS=" + threads, key -> {
            Set<Map.Entry<String, String>> settings =
                    new HashSet<>(run.experiment().toParams().entrySet());
            settings.removeIf(setting -> NOT_TIMED.contains(setting.getKey()));
            List<Run> known = timed(run.experiment().id(), Integer.toString(threads));
            List<Run> same = known.stream()
                    .filter(past ->
                            LaterSettings.complete(past.params()).entrySet().containsAll(settings))
                    .toList();
            return (same.isEmpty() ? known : same)
                    .stream()
                            .mapToDouble(past -> past.seconds() / steps(past))
                            .filter(Double::isFinite)
                            .map(perStep -> perStep * run.experiment().train().steps())
                            .average();
        });
    }

    private static double steps(Run run) {
        return Double.parseDouble(run.params().getOrDefault("train.steps", "NaN"));
    }

    /** Runs of one process that took all their steps without a break. */
    private List<Run> timed(String experiment, String threads) {
        return timed.computeIfAbsent(
                experiment + " THREADS=" + threads,
                key -> finished(experiment).stream()
                        .limit(RECENT)
                        .filter(run -> threads.equals(run.params().get("threads")))
                        .filter(run -> !run.params().containsKey("ranks"))
                        .filter(run -> book.artifacts(run.runId()).list().stream()
                                .noneMatch(path -> path.startsWith("resumed/")))
                        .toList());
    }
}
