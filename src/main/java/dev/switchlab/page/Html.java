package dev.switchlab.page;

/** Pieces of HTML. */
public final class Html {

    private Html() {}

    /** Text as HTML. */
    public static String escape(String text) {
        return new Markup().text(text).toString();
    }

    /** {@code html} under a line that folds it up and unfolds it; printed, it is unfolded. */
    public static String folded(String summary, boolean open, String html) {
        return (open ? "<details open>" : "<details>") + "<summary>" + escape(summary) + "</summary>" + html
                + "</details>\n";
    }
}
