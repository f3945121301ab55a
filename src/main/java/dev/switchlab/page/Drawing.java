package dev.switchlab.page;

/** A picture with a title. */
public interface Drawing {

    /** Names it where it stands alone. */
    String title();

    /** The picture as SVG that needs nothing else; as a file, {@code .svg}, or as an element of a page. */
    String svg();
}
