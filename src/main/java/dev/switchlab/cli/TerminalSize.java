package dev.switchlab.cli;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.Signals;

/** How many characters fit on the terminal; asked again when it was made larger or smaller. */
final class TerminalSize {

    private static final Size USUAL = new Size(80, 24);

    private final AtomicBoolean changed = new AtomicBoolean(true);
    private Size size = USUAL;

    TerminalSize() {
        Signals.register("WINCH", () -> changed.set(true));
    }

    int columns() {
        return current().getColumns();
    }

    int rows() {
        return current().getRows();
    }

    private synchronized Size current() {
        if (changed.getAndSet(false)) {
            try (Terminal terminal = TerminalBuilder.builder().dumb(true).build()) {
                Size now = terminal.getSize();
                size = now.getColumns() > 0 && now.getRows() > 1 ? now : USUAL;
            } catch (IOException e) {
                size = USUAL;
            }
        }
        return size;
    }
}
