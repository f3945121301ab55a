package dev.switchlab.cli;

import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;

/** Failures in one line; the stack trace only with {@code --debug}. */
record OneLineErrors(BooleanSupplier debug) implements CommandLine.IExecutionExceptionHandler {

    @Override
    public int handleExecutionException(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
        if (debug.getAsBoolean()) {
            e.printStackTrace();
        }
        System.err.println("switchlab: " + message(e));
        return 1;
    }

    /** What went wrong, for a person. */
    static String message(Throwable e) {
        String text = e.getMessage();
        if (e instanceof NoSuchFileException) {
            text = "no such file: " + e.getMessage();
        } else if (e instanceof FileSystemException file && file.getReason() == null) {
            text = "cannot use " + e.getMessage() + " (" + e.getClass().getSimpleName() + ")";
        } else if (text == null || text.isBlank()) {
            text = e.getClass().getSimpleName() + " (run again with --debug, or DEBUG=true, for the stack trace)";
        }
        return text.strip().replaceAll("\\s*\\R\\s*", "; ");
    }
}
