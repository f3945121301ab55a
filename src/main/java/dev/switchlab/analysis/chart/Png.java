package dev.switchlab.analysis.chart;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;

/** A matrix as a PNG image: nothing but colors, so that neither fonts nor a display are needed. */
public final class Png {

    /** The longer side in pixels, about. */
    private static final int SIDE = 480;

    private static final int MOST_CELL = 64;

    private Png() {}

    /**
     * Cividis from 0 (dark) to 1 (light); what lies outside takes the nearer end, and what is no number is white.
     *
     * @param shares [row][column], at least one cell
     * @return the bytes of the file; the same matrix gives the same bytes
     */
    public static byte[] of(double[][] shares) {
        int rows = shares.length;
        int columns = shares[0].length;
        int cell = Math.max(1, Math.min(MOST_CELL, SIDE / Math.max(rows, columns)));
        BufferedImage image = new BufferedImage(columns * cell, rows * cell, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                double share = shares[row][column];
                graphics.setColor(Double.isNaN(share) ? Color.WHITE : Color.decode(Palette.cividis(share)));
                graphics.fillRect(column * cell, row * cell, cell, cell);
            }
        }
        graphics.dispose();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            // Without a cache file: the image is small.
            ImageIO.setUseCache(false);
            if (!ImageIO.write(image, "png", bytes)) {
                throw new IllegalStateException("this JDK cannot write PNG");
            }
        } catch (IOException e) {
            throw new IllegalStateException(e); // in memory, nothing can go wrong
        }
        return bytes.toByteArray();
    }
}
