package dev.switchlab.paper;

import ai.djl.Device;
import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.analysis.Setting;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.provenance.Machine;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.StoredRun;
import dev.switchlab.sweep.Launcher;
import dev.switchlab.sweep.PastRuns;
import dev.switchlab.sweep.ResolvedSweep;
import dev.switchlab.sweep.ResolvedSweep.Conditions;
import dev.switchlab.sweep.Sweep;
import dev.switchlab.sweep.SweepRun;
import dev.switchlab.sweep.SweepSession;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs the sweeps of questions, one after another, and writes the results after each. A repeated call runs what is
 * missing. A run that several questions ask for is trained once.
 */
public final class PaperSession {

    private static final CorpusStore KNOWN = CorpusStore.create();

    /** Watches the session. */
    public interface View {

        /**
         * A question begins.
         *
         * @param position of the question in this call, from 1
         * @param asked number of questions in this call
         * @param done number of runs of this call's questions in the book, of {@code all}
         * @param later seconds that the questions after this one may take; empty if unknown
         * @return watches the question's sweep
         */
        SweepSession.View begin(Question question, int position, int asked, int done, int all, OptionalDouble later);

        /** The results were written. */
        void written(Path file);
    }

    /**
     * What to run where.
     *
     * @param asked questions whose sweeps are run
     * @param all questions in the results
     * @param launcher makes the launcher of a question
     * @param quick whether runs are cut short, to see that all of it works
     * @param file where results go
     */
    public record Plan(
            List<ReadyQuestion> asked,
            List<ReadyQuestion> all,
            Device device,
            Function<ReadyQuestion, Launcher> launcher,
            SweepSession.Options options,
            boolean quick,
            Path file) {}

    /**
     * A question with its sweep.
     *
     * @param conditions where and how its runs compute
     * @param ready the sweep with its texts; empty if the question is not asked and its texts need not be here
     */
    public record ReadyQuestion(Question question, Sweep sweep, Conditions conditions, Optional<ResolvedSweep> ready) {

        /**
         * Opens texts if the question is asked, or has others than known ones.
         *
         * @throws dev.switchlab.data.DataException in one line, if a text cannot be had or is too short for a run
         */
        public static ReadyQuestion of(Question question, Sweep sweep, Conditions conditions, boolean isAsked) {
            boolean opens = isAsked
                    || sweep.runs().stream()
                            .anyMatch(run ->
                                    KNOWN.sha256(run.experiment().corpus()).isEmpty());
            if (!opens) {
                return new ReadyQuestion(question, sweep, conditions, Optional.empty());
            }
            ResolvedSweep ready = ResolvedSweep.of(sweep, conditions);
            return new ReadyQuestion(question, ready.sweep(), conditions, Optional.of(ready));
        }

        /** This question on a device of this machine. */
        public ReadyQuestion on(Device device) {
            return new ReadyQuestion(
                    question, sweep, conditions.on(device), ready.map(resolved -> resolved.on(device)));
        }

        /** How other questions name a run of this one, such as {@code 16/8 experts/11}. */
        String alias(SweepRun run) {
            return question.number() + "/" + run.variant() + "/" + run.seed();
        }

        /** The sha256 of what a run is trained on. */
        String text(SweepRun run) {
            return ready.map(resolved -> resolved.text(run).sha256())
                    .orElseGet(() -> KNOWN.sha256(run.experiment().corpus()).orElseThrow());
        }
    }

    private final Plan plan;
    private final MirroredBook store;
    private final View view;
    private final String cpu = Machine.current().cpu();
    private volatile SweepSession running;
    private volatile boolean stopRequested;

    /** @param store the book that gets all runs */
    public PaperSession(Plan plan, MirroredBook store, View view) {
        this.plan = plan;
        this.store = store;
        this.view = view;
    }

    /**
     * The end of a call.
     *
     * @param isDone whether the book has all runs of the questions of this call
     */
    public record Outcome(boolean isDone, boolean isStopped, boolean hasFailures) {}

    /** Ends this call in good order, from any thread. */
    public void stop() {
        stopRequested = true;
        SweepSession session = running;
        if (session != null) {
            session.stop();
        }
    }

    /** Ends this call at once, after {@link #stop}. */
    public void kill() {
        SweepSession session = running;
        if (session != null) {
            session.kill();
        }
    }

    /** Runs what is missing. */
    public Outcome run() throws IOException, InterruptedException {
        boolean failures = false;
        boolean done = true;
        boolean written = false;
        for (int i = 0; i < plan.asked().size(); i++) {
            if (stopRequested) {
                done = false;
                break;
            }
            ReadyQuestion next = plan.asked().get(i);
            RecordedRuns recorded = RecordedRuns.read(data(next.question()));
            Optional<ResolvedSweep> missing =
                    next.ready().orElseThrow().only(run -> !recorded.has(run, next.text(run)));
            if (missing.isEmpty()) {
                continue;
            }
            List<ResolvedSweep> sweeps = new ArrayList<>(trainedModels(missing.get()));
            sweeps.add(rest(next, recorded));
            for (ResolvedSweep sweep : sweeps) {
                SweepSession session = new SweepSession(
                        sweep, plan.device(), store, plan.launcher().apply(next), plan.options(), begin(i));
                running = session;
                if (stopRequested) {
                    session.stop(); // requested before it ran
                }
                SweepSession.Outcome outcome = session.run();
                running = null;
                done &= outcome.progress().isDone();
                failures |= outcome.progress().hasFailures();
                nameModels();
            }
            write();
            written = true;
            if (failures && plan.options().failFast()) {
                break;
            }
        }
        if (!written) {
            write();
        }
        return new Outcome(done, stopRequested, failures);
    }

    /**
     * What is not recorded, and what this book has: a question that was stopped is the same sweep when it goes on,
     * though its finished runs were recorded meanwhile.
     */
    private ResolvedSweep rest(ReadyQuestion asked, RecordedRuns recorded) {
        PastRuns past = new PastRuns(store);
        return asked.ready()
                .orElseThrow()
                .only(run -> !recorded.has(run, asked.text(run))
                        || past.equal(run, asked.text(run), asked.conditions(), cpu)
                                .isPresent())
                .orElseThrow();
    }

    /** What is to be trained before a sweep: runs of other questions that it builds on, and that the book lacks. */
    private List<ResolvedSweep> trainedModels(ResolvedSweep sweep) {
        Set<String> known = nameModels();
        Set<String> wanted = sweep.sweep().runs().stream()
                .flatMap(run -> Stream.of(
                        run.experiment().initFrom(), run.experiment().train().teacher()))
                .filter(name -> !known.contains(name))
                .collect(Collectors.toSet());
        List<ResolvedSweep> missing = new ArrayList<>();
        for (ReadyQuestion question : plan.all()) {
            if (question.sweep().runs().stream().anyMatch(run -> wanted.contains(question.alias(run)))) {
                question.ready()
                        .orElseGet(() -> ResolvedSweep.of(question.sweep(), question.conditions())
                                .on(plan.device()))
                        .only(run -> wanted.contains(question.alias(run)))
                        .ifPresent(missing::add);
            }
        }
        return missing;
    }

    /**
     * Gives runs that questions build on the alias that questions call them by, and takes it from runs of other
     * settings: of a call with {@code QUICK} or {@code SET}.
     *
     * @return aliases that have a model
     */
    private Set<String> nameModels() {
        PastRuns past = new PastRuns(store);
        Map<String, String> ids = new HashMap<>();
        Set<String> named = plan.all().stream()
                .flatMap(question -> question.sweep().runs().stream())
                .flatMap(run -> Stream.of(
                        run.experiment().initFrom(), run.experiment().train().teacher()))
                .collect(Collectors.toSet());
        for (ReadyQuestion question : plan.all()) {
            for (SweepRun run : question.sweep().runs()) {
                if (named.contains(question.alias(run))) {
                    past.equal(run, question.text(run), question.conditions(), cpu)
                            .filter(found -> new StoredRun(store, found).hasModel())
                            .ifPresent(found -> ids.put(question.alias(run), found.runId()));
                }
            }
        }
        for (Run run : store.book().tagged(RunInfo.ALIAS_TAG)) {
            String alias = run.tags().get(RunInfo.ALIAS_TAG);
            if (named.contains(alias) && !run.runId().equals(ids.get(alias))) {
                store.book().tag(run.runId(), Map.of(RunInfo.ALIAS_TAG, ""));
            }
        }
        ids.forEach((alias, id) -> store.book().tag(id, Map.of(RunInfo.ALIAS_TAG, alias)));
        return ids.keySet();
    }

    private SweepSession.View begin(int index) {
        PastRuns past = new PastRuns(store);
        Set<Map<String, String>> seen = new HashSet<>();
        int done = 0;
        double later = 0;
        for (int i = 0; i < plan.asked().size(); i++) {
            ReadyQuestion asked = plan.asked().get(i);
            RecordedRuns recorded = RecordedRuns.read(data(asked.question()));
            int width = plan.launcher().apply(asked).width();
            for (SweepRun run : asked.sweep().runs()) {
                Map<String, String> identity = new HashMap<>(run.experiment().toParams());
                identity.put("id", run.experiment().id());
                if (!seen.add(identity)) {
                    continue;
                }
                boolean isDone = recorded.has(run, asked.text(run))
                        || past.equal(run, asked.text(run), asked.conditions(), cpu)
                                .isPresent();
                done += isDone ? 1 : 0;
                if (i > index && !isDone) {
                    later += past.expectedSeconds(run, asked.conditions().threads())
                                    .orElse(Double.NaN)
                            / width;
                }
            }
        }
        return view.begin(
                plan.asked().get(index).question(),
                index + 1,
                plan.asked().size(),
                done,
                seen.size(),
                Double.isNaN(later) ? OptionalDouble.empty() : OptionalDouble.of(later));
    }

    /** Records what the book has of all questions, and writes the results from all that is recorded. */
    public void write() throws IOException {
        PastRuns past = new PastRuns(store);
        Measures measures = new Measures(RunSource.of(store), this::weights);
        List<Answer> answers = new ArrayList<>();
        for (ReadyQuestion asked : plan.all()) {
            Path file = data(asked.question());
            RecordedRuns recorded = RecordedRuns.read(file);
            boolean isNew = false;
            for (SweepRun run : asked.sweep().runs()) {
                String text = asked.text(run);
                if (!recorded.has(run, text)) {
                    Optional<Run> finished = past.equal(run, text, asked.conditions(), cpu);
                    finished.ifPresent(found -> recorded.add(run, text, found, measures));
                    isNew |= finished.isPresent();
                }
            }
            if (isNew) {
                recorded.write(file);
            }
            answers.add(answer(asked, recorded));
        }
        new Results(answers, plan.quick()).write(plan.file());
        view.written(plan.file());
    }

    /** Where the runs of a question are recorded, beside the results. */
    private Path data(Question question) {
        return plan.file().resolveSibling(Path.of("data", "%02d-%s.csv".formatted(question.number(), question.slug())));
    }

    private Path weights(Run run) {
        return store.book().artifacts(run.runId()).file(StoredRun.WEIGHTS);
    }

    private Answer answer(ReadyQuestion asked, RecordedRuns recorded) {
        List<Setting> variants = new ArrayList<>();
        Map<String, SweepRun> firstRuns = new HashMap<>();
        int missing = 0;
        for (List<SweepRun> seeds : asked.sweep().settings().values()) {
            List<Run> runs = seeds.stream()
                    .sorted(Comparator.comparingLong(SweepRun::seed))
                    .flatMap(run -> recorded.find(run, asked.text(run)).stream())
                    .toList();
            missing += seeds.size() - runs.size();
            if (!runs.isEmpty()) {
                SweepRun first = seeds.get(0);
                String name = first.variant().isEmpty() ? first.experiment().id() : first.variant();
                Setting variant = Setting.of(variants.size(), name, runs);
                variants.add(variant);
                firstRuns.put(variant.letter(), first);
            }
        }
        Question question = asked.question();
        return new Answer(
                question,
                Comparison.of(
                        RunSource.of(store), variants, question.baseline(), question.against(), question.margin()),
                firstRuns,
                missing,
                asked.conditions().threads());
    }
}
