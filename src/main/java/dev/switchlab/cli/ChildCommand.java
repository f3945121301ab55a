package dev.switchlab.cli;

import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.EngineStart;
import dev.switchlab.sweep.ChildLine;
import dev.switchlab.sweep.ChildPlan;
import dev.switchlab.sweep.ChildRun;
import dev.switchlab.sweep.ChildState;
import dev.switchlab.sweep.ChildState.Done;
import dev.switchlab.sweep.ChildState.Failed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.utils.Signals;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Trains one child of a sweep, or goes on with it. A launcher starts it; its standard output is for that, see
 * {@link ChildLine}.
 */
@Command(name = "child", description = "Train one child of a sweep, from its plan.", hidden = true)
final class ChildCommand implements Callable<Integer> {

    private static final int STOPPED = 130;

    @Mixin
    private BookOption books;

    @Parameters(paramLabel = "FILE", description = "The plan of the child.")
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
        ChildPlan plan = ChildPlan.read(file);
        try (MirroredBook store = books.open()) {
            ChildState end = ChildRun.done(plan, store).orElse(null);
            if (end == null) {
                ChildRun run = new ChildRun(plan, store, stop::get, ChildCommand::tell);
                end = run.run(EngineStart.start(plan.device(), plan.threads()));
            }
            tell(end);
            return end instanceof Done ? 0 : STOPPED;
        } catch (IOException | RuntimeException e) {
            tell(new Failed(OneLineErrors.message(e), false));
            throw e;
        }
    }

    private static void tell(ChildState state) {
        System.out.println(ChildLine.of(state));
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
