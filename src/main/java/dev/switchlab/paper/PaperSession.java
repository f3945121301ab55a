package dev.switchlab.paper;

import ai.djl.Device;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.provenance.Machine;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.StoredRun;
import dev.switchlab.sweep.SweepRun;
import dev.switchlab.sweep.Launcher;
import dev.switchlab.sweep.PastRuns;
import dev.switchlab.sweep.ResolvedSweep;
import dev.switchlab.sweep.SweepSession;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Runs the sweeps of questions, one after another, and writes down what is known after each. The same call again runs
 * what is missing. A run that several questions ask for is trained once.
 */
public final class PaperSession {

    /** Who watches. */
    public interface View {

        /**
         * A question begins.
         *
         * @param position which of the questions of this call, from 1
         * @param asked how many they are
         * @param done runs that the book has of all questions of this call, and how many they are
         * @param later seconds that the questions after this one may take; empty while nothing is known
         * @return who watches its sweep
         */
        SweepSession.View begin(Question question, int position, int asked, int done, int all, OptionalDouble later);

        /** The results were written. */
        void written(Path file);
    }

    /**
     * What is to be run where.
     *
     * @param asked questions whose sweeps are run
     * @param all questions that the results tell of
     * @param device where runs compute
     * @param launcher makes one for a question
     * @param options of the sweeps
     * @param quick whether it is only a look whether all of it works
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
     * A question whose texts are open.
     *
     * @param question the question
     * @param ready its sweep, on the device that it is run on
     */
    public record ReadyQuestion(Question question, ResolvedSweep ready) {}

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
     * How a call ended.
     *
     * @param isDone whether the book has all runs of the questions that were asked for
     * @param isStopped whether a stop was asked for
     * @param hasFailures whether a run has failed
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

    /** Ends it at once, after {@link #stop}. */
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
        for (int i = 0; i < plan.asked().size(); i++) {
            if (stopRequested) {
                done = false;
                break;
            }
            ReadyQuestion next = plan.asked().get(i);
            SweepSession session = new SweepSession(
                    next.ready(), plan.device(), store, plan.launcher().apply(next), plan.options(), begin(i));
            running = session;
            if (stopRequested) {
                session.stop(); // asked for while it was not running yet
            }
            SweepSession.Outcome outcome = session.run();
            running = null;
            done &= outcome.progress().isDone();
            failures |= outcome.progress().hasFailures();
            write();
            if (failures && plan.options().failFast()) {
                break;
            }
        }
        return new Outcome(done, stopRequested, failures);
    }

    private SweepSession.View begin(int index) {
        PastRuns past = new PastRuns(store);
        Set<Map<String, String>> seen = new HashSet<>();
        int done = 0;
        double later = 0;
        for (int i = 0; i < plan.asked().size(); i++) {
            ResolvedSweep ready = plan.asked().get(i).ready();
            int width = plan.launcher().apply(plan.asked().get(i)).width();
            for (SweepRun run : ready.sweep().runs()) {
                Map<String, String> identity = new HashMap<>(run.experiment().toParams());
                identity.put("id", run.experiment().id());
                if (!seen.add(identity)) {
                    continue;
                }
                boolean isDone = past.equal(run, ready, cpu).isPresent();
                done += isDone ? 1 : 0;
                if (i > index && !isDone) {
                    later += past.expectedSeconds(run, ready.conditions().threads()).orElse(Double.NaN) / width;
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

    /** Writes what the book has of all questions. */
    public void write() throws IOException {
        PastRuns past = new PastRuns(store);
        List<Answer> answers =
                plan.all().stream().map(ready -> answer(ready, past)).toList();
        new Results(answers, RunSource.of(store), this::weights, plan.quick()).write(plan.file());
        view.written(plan.file());
    }

    private Path weights(Run run) {
        return store.book().artifacts(run.runId()).file(StoredRun.WEIGHTS);
    }

    private Answer answer(ReadyQuestion asked, PastRuns past) {
        List<Variant> variants = new ArrayList<>();
        int missing = 0;
        for (List<SweepRun> setting : asked.ready().sweep().settings().values()) {
            SortedMap<Long, Run> runs = new TreeMap<>();
            setting.forEach(run -> past.equal(run, asked.ready(), cpu).ifPresent(found -> runs.put(run.seed(), found)));
            missing += setting.size() - runs.size();
            if (!runs.isEmpty()) {
                SweepRun first = setting.get(0);
                String name = first.variant().isEmpty() ? first.experiment().id() : first.variant();
                variants.add(new Variant(name, first, runs));
            }
        }
        return new Answer(
                asked.question(), variants, missing, asked.ready().conditions().threads());
    }
}
