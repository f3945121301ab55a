package dev.switchlab.cli;

import dev.switchlab.io.Durations;
import dev.switchlab.paper.PaperSession;
import dev.switchlab.paper.Question;
import dev.switchlab.sweep.SweepSession;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.OptionalDouble;

/** What a person sees of the questions: a heading for each, and below it its sweep. */
final class PaperConsole implements PaperSession.View {

    private final PrintStream out;
    private final BookOption books;
    private SweepConsole sweep;

    PaperConsole(PrintStream out, BookOption books) {
        this.out = out;
        this.books = books;
    }

    @Override
    public synchronized SweepSession.View begin(
            Question question, int position, int asked, int done, int all, OptionalDouble later) {
        out.println();
        out.println("question " + question.number() + "  " + question.question() + "  (" + position + " of " + asked
                + "; the book has " + done + " of " + all + " runs)");
        sweep = new SweepConsole(
                out,
                books,
                left -> left.isPresent() && later.isPresent()
                        ? Durations.text(left.getAsDouble() + later.getAsDouble()) + " for all questions"
                        : "");
        return sweep;
    }

    @Override
    public void written(Path file) {
        out.println("wrote       " + file);
    }

    synchronized void say(String text) {
        if (sweep == null) {
            out.println(text);
        } else {
            sweep.say(text);
        }
    }
}
