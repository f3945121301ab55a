package dev.switchlab.analysis.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PngTest {

    @Test
    void everyCellHasItsColor() throws Exception {
        double[][] shares = {{0, 1, Double.NaN}, {-3, 7, 0.5}};
        byte[] png = Png.of(shares);
        assertThat(png).isEqualTo(Png.of(shares));
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
        assertThat(image.getWidth()).isEqualTo(192);
        assertThat(image.getHeight()).isEqualTo(128);
        String[][] expected = {{"#00204C", "#FFE945", "#FFFFFF"}, {"#00204C", "#FFE945", Palette.cividis(0.5)}};
        for (int y = 0; y < 128; y++) {
            for (int x = 0; x < 192; x++) {
                assertThat(String.format("#%06X", image.getRGB(x, y) & 0xFFFFFF))
                        .isEqualTo(expected[y / 64][x / 64]);
            }
        }
    }

    @Test
    void aLargeMatrixStaysSmall() {
        assertThat(Png.of(new double[24][256])).hasSizeLessThan(5000);
    }
}
