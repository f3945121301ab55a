package dev.switchlab.cli;

import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.EngineStart;
import dev.switchlab.sweep.RunPlan;
import dev.switchlab.sweep.SweepWorker;
import dev.switchlab.sweep.Status;
import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.utils.Signals;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Trains one run of a sweep, or goes on with it. A launcher starts it; its standard output is for that, see
 * {@link Status#line}.
 */
@Command(name = "child", description = "Train one run of a sweep, from its plan.", hidden = true)
final class ChildCommand implements Callable<Integer> {

    private static final int STOPPED = 130;

    @Mixin
    private BookOption books;

    @Parameters(paramLabel = "FILE", description = "The plan of the run.")
    private Path file;

    @Option(names = "--watch-input", description = "End in good order when standard input ends.")
    private boolean watchInput;

    private final AtomicBoolean stop = new AtomicBoolean();

    @Override
    public Integer call() throws IOException {
        // Ctrl-C reaches every process at the terminal; what it means is for the one that started this.
        Signals.register("INT", () -> {});
        Signals.register("TERM", () -> stop.set(true));
        if (watchInput) {
            Thread watch = new Thread(this::watchInput, "standard-input");
            watch.setDaemon(true);
            watch.start();
        }
        RunPlan plan = RunPlan.read(file);
        try (MirroredBook store = books.open()) {
            SweepWorker worker = new SweepWorker(plan, store, stop::get, ChildCommand::tell);
            Optional<Status> done = worker.done();
            Status end = done.isPresent()
                    ? done.get()
                    : worker.run(EngineStart.start(plan.device(), plan.threads()));
            tell(end);
            return end instanceof Done ? 0 : STOPPED;
        } catch (IOException | RuntimeException e) {
            tell(new Failed(OneLineErrors.message(e), false));
            throw e;
        }
    }

    private static void tell(Status state) {
        System.out.println(state.line());
        System.out.flush();
    }

    private void watchInput() {
        try {
            while (System.in.read() >= 0) {
                // Only its end counts.
            }
        } catch (IOException e) {
            // Nobody is there either.
        }
        stop.set(true);
    }
}
