/** Types of what Vite lets the window import besides code: stylesheets, images. Declares nothing of ours. */
/// <reference types="vite/client" />
