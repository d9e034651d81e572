"""The settings with which Sphinx builds the site, from the folder that tools/site.py fills."""

import datetime

from tools.repository import name_site, read_branch, read_project

SLUG, release = read_project()

project = "Autoencoder notebooks"
author = "the autoencoder-notebooks maintainers"
copyright = f"{datetime.date.today().year}, {author}"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # typesets without a request to another host
    "sphinx_design",
    "sphinxext.opengraph",
    "notfound.extension",
]

# The notebooks were executed when they were published.
nb_execution_mode = "off"
nb_code_prompt_show, nb_code_prompt_hide = "Show the code", "Hide the code"
nb_mime_priority_overrides = [("html", "text/html", 0)]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
myst_heading_slug_func = "tools.site.anchor"
# Docstrings are plain text with `code` in them.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
add_module_names = False
autodoc_inherit_docstrings = False  # Those of Keras are in another format.

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_search_summary = False  # A page opened from disk may not read others.
html_use_index = False
html_domain_indices = False
html_copy_source = True
html_sourcelink_suffix = ""
html_context = {"default_mode": "auto"}  # dark where the reader's system is
html_theme_options = {
    "repository_url": f"https://github.com/{SLUG}",
    "repository_branch": read_branch(),
    "path_to_docs": "",
    "launch_buttons": {"colab_url": "https://colab.research.google.com"},
    "use_repository_button": True,
    "use_download_button": True,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "show_navbar_depth": 1,
    "collapse_navbar": True,
    "footer_content_items": ["copyright.html"],
    "navbar_persistent": [],  # The sidebar has a search field already.
}
# What other sites show when they link to a page. Pictures are named relative to the site's root.
ogp_site_url = name_site(SLUG)
ogp_site_name = project
ogp_image = "_static/preview.png"
ogp_image_alt = "The title of the course, beside 400 clothing images that a variational autoencoder generated"
ogp_social_cards = {"enable": False}
ogp_enable_meta_description = True
# The host shows this page at any address that has none, so its links start at the root of the host.
notfound_urls_prefix = f"/{SLUG.split('/')[1]}/"
