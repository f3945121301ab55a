package dev.switchlab.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MarkupTest {

    @Test
    void textAndAttributesAreEscaped() {
        Markup html = new Markup()
                .open("a", "href title", "<x>&\"'", 20.25)
                .text("</a>&\u0007\u009b\u202e")
                .close();
        assertThat(html.toString())
                .isEqualTo(
                        "<a href=\"&lt;x&gt;&amp;&quot;&apos;\" title=\"20.3\">&lt;/a&gt;&amp;\uFFFD\uFFFD\uFFFD</a>");
    }

    @Test
    void wrongUseIsRefused() {
        assertThatThrownBy(() -> new Markup().open("p").toString()).hasMessageContaining("still open: [p]");
        assertThatThrownBy(() -> new Markup().leaf("path", "d fill", "M0 0"))
                .hasMessageContaining("1 values for [d, fill]");
    }
}
